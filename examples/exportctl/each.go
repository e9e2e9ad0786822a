package main

// each makes one thing of every other, in their order. Of none it makes an empty list,
// which JSON does not show as null.
func each[A, B any](all []A, as func(A) B) []B {
	made := make([]B, len(all))
	for i, one := range all {
		made[i] = as(one)
	}
	return made
}
