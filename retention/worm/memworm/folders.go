package memworm

import (
	"maps"
	"slices"
	"strings"
)

// folders keeps keys by the folder they lie in, so that a listing looks only
// where it must. The empty string is the top folder; names of folders end in a slash.
type folders map[string]map[string]bool

// add puts a key into its folder, and each folder into the one above.
func (f folders) add(key string) {
	for key != "" {
		folder, name := split(key)
		if f[folder] == nil {
			f[folder] = map[string]bool{}
		}
		if f[folder][name] {
			return
		}
		f[folder][name] = true
		key = folder
	}
}

// remove takes a key out of its folder.
func (f folders) remove(key string) {
	folder, name := split(key)
	delete(f[folder], name)
}

// split cuts a key, or a folder, into the folder it lies in and its name there.
func split(key string) (folder, name string) {
	at := strings.LastIndexByte(strings.TrimSuffix(key, "/"), '/') + 1
	return key[:at], key[at:]
}

// with returns the keys with a prefix, in ascending order.
func (f folders) with(prefix string) []string {
	at := strings.LastIndexByte(prefix, '/') + 1
	return f.below(nil, prefix[:at], prefix[at:])
}

func (f folders) below(keys []string, folder, prefix string) []string {
	for _, name := range slices.Sorted(maps.Keys(f[folder])) {
		switch {
		case !strings.HasPrefix(name, prefix):
		case strings.HasSuffix(name, "/"):
			keys = f.below(keys, folder+name, "")
		default:
			keys = append(keys, folder+name)
		}
	}
	return keys
}
