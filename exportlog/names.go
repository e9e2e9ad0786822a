package exportlog

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// What lies where. Commits are the truth; all else is derived from them.
const (
	commitPrefix     = "log/commits/"
	headPrefix       = "log/head/"
	blockPrefix      = "log/blocks/"
	tilePrefix       = "log/tile/"
	indexPrefix      = "log/by/"
	checkpointPrefix = "log/checkpoints/"
	inboxPrefix      = "log/inbox/"
)

// maxNumber is the highest number a key can spell: four groups of three digits.
const maxNumber = 999_999_999_999

// numbered spells a number so that names sort as numbers do, a thousand to a folder.
func numbered(n int64) string {
	d := fmt.Sprintf("%012d", n)
	return d[:3] + "/" + d[3:6] + "/" + d[6:9] + "/" + d[9:]
}

// parseNumbered is the inverse of numbered.
func parseNumbered(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, "/", ""), 10, 64)
	if err != nil || n < 0 || n > maxNumber || numbered(n) != s {
		return 0, false
	}
	return n, true
}

// between returns what stands between a prefix and a suffix.
func between(key, prefix, suffix string) (string, bool) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, suffix)
}

func commitKey(n int64) string { return commitPrefix + numbered(n) + ".jsonl" }

// commitNumber is the inverse of commitKey; false for any other key.
func commitNumber(key string) (int64, bool) {
	s, ok := between(key, commitPrefix, ".jsonl")
	if !ok {
		return 0, false
	}
	n, ok := parseNumbered(s)
	return n, ok && n > 0
}

// headKey names the mark at a block boundary. Its numbers count down, so that
// the newest mark is the first in a listing.
func headKey(blocks int64) string { return headPrefix + numbered(maxNumber-blocks) + ".json" }

// headNumber is the inverse of headKey: a count of blocks.
func headNumber(key string) (int64, bool) {
	s, ok := between(key, headPrefix, ".json")
	if !ok {
		return 0, false
	}
	n, ok := parseNumbered(s)
	return maxNumber - n, ok && n < maxNumber
}

// blockKey names the block of size rows that starts with row n*size+1.
func blockKey(size, n int64) string {
	return fmt.Sprintf("%s%d/%s.jsonl", blockPrefix, size, numbered(n))
}

// tileKey names a tile as C2SP tlog-tiles does, whose tiles all have height 8 and
// whose level -1 is called entries.
func tileKey(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), "tile/8/")
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return tilePrefix + path
}

// derivedFrom returns how many rows there must be for a block, a tile or a mark to
// be derived from them; the tile too, if it is one.
func derivedFrom(key string) (rows int64, tile tlog.Tile, ok bool) {
	if blocks, ok := headNumber(key); ok {
		return blocks * tileWidth, tile, true
	}
	for _, size := range []int64{tileWidth, bigBlock} {
		if s, ok := between(key, fmt.Sprintf("%s%d/", blockPrefix, size), ".jsonl"); ok {
			n, ok := parseNumbered(s)
			return (n + 1) * size, tile, ok
		}
	}
	path, ok := strings.CutPrefix(key, tilePrefix)
	if rest, entries := strings.CutPrefix(path, "entries/"); entries {
		path = "data/" + rest
	}
	tile, err := tlog.ParseTilePath("tile/8/" + path)
	if !ok || err != nil || tile.L > 3 {
		return 0, tile, false
	}
	return (tile.N*tileWidth + int64(tile.W)) << (tileHeight * max(tile.L, 0)), tile, true
}

func checkpointKey(size int64) string { return checkpointPrefix + numbered(size) }

// checkpointSize is the inverse of checkpointKey.
func checkpointSize(key string) (int64, bool) {
	s, ok := between(key, checkpointPrefix, "")
	if !ok {
		return 0, false
	}
	return parseNumbered(s)
}

// indexFolder holds the rows of one term, each under its own number.
func indexFolder(t term) string { return indexPrefix + t.folder + "/" + segment(t.value) + "/" }

func indexKey(t term, row int64) string { return fmt.Sprintf("%s%012d.json", indexFolder(t), row) }

// indexRow returns the row that an index key names; 0 and false if it names none.
func indexRow(key string) (int64, bool) {
	_, name, _ := cutLast(key)
	digits, ok := strings.CutSuffix(name, ".json")
	row, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || len(digits) != 12 || row < 1 {
		return 0, false
	}
	return row, true
}

func cutLast(key string) (folder, name string, found bool) {
	at := strings.LastIndexByte(key, '/')
	return key[:at+1], key[at+1:], at >= 0
}

// segment spells any value as one segment of a key: escaped where it can be,
// else by its hash. No escaped value contains an exclamation mark.
func segment(value string) string {
	s, err := worm.EscapeSegment(value)
	if err != nil {
		return "sha256!" + worm.Sum([]byte(value)).String()
	}
	return s
}

// inboxFolder holds what is proposed for one commit. Its numbers count down, so
// that the newest proposals are the first in a listing.
func inboxFolder(commit int64) string { return inboxPrefix + numbered(maxNumber-commit) + "/" }

// inboxCommit returns the commit that a proposal is for.
func inboxCommit(key string) (int64, bool) {
	folder, _, _ := cutLast(key)
	s, ok := between(folder, inboxPrefix, "/")
	if !ok {
		return 0, false
	}
	n, ok := parseNumbered(s)
	return maxNumber - n, ok
}
