package exportlog

import (
	"encoding/csv"
	"io"
	"strings"
)

// CSVWriter writes tables that a spreadsheet can open without harm: RFC 4180, in
// UTF-8, and a value that starts with = + - @ a tab or a line break, which a
// spreadsheet would take for a formula, has an apostrophe before it, as OWASP
// advises. It is buffered: call Flush in the end.
type CSVWriter struct {
	out *csv.Writer
}

// NewCSVWriter returns a writer whose first record names the columns.
func NewCSVWriter(w io.Writer, columns ...string) (*CSVWriter, error) {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	return &CSVWriter{out}, out.Write(columns)
}

// Write writes one record, with a value for each column.
func (c *CSVWriter) Write(values ...string) error {
	record := make([]string, len(values))
	for i, value := range values {
		record[i] = unformula(value)
	}
	return c.out.Write(record)
}

// Flush writes what is buffered, and returns the first error of any write.
func (c *CSVWriter) Flush() error {
	c.out.Flush()
	return c.out.Error()
}

// unformula keeps a value from being taken for a formula.
func unformula(value string) string {
	if value != "" && strings.ContainsRune("=+-@\t\r\n", rune(value[0])) {
		return "'" + value
	}
	return value
}
