package manifest

import _ "embed"

// PredicateSchema is the JSON Schema (draft 2020-12) of the predicate, field by
// field. Its $id is [PredicateType], whose last element is the version: a change
// that old readers would misread gets another one.
//
//go:embed predicate.schema.json
var PredicateSchema string
