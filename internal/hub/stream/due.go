package stream

import "rowcast/internal/view"

// note notes what a follower is.
func (f *followed) note(by Follower) {
	if f.of == nil {
		return
	}
	for _, s := range by.Subjects() {
		if f.of[s] == nil {
			f.of[s] = map[Follower]struct{}{}
		}
		f.of[s][by] = struct{}{}
	}
}

// forget undoes note.
func (f *followed) forget(by Follower) {
	if f.of == nil {
		return
	}
	for _, s := range by.Subjects() {
		if delete(f.of[s], by); len(f.of[s]) == 0 {
			delete(f.of, s)
		}
	}
}

// due appends those for whom there may be something in the ring that they were not offered.
func (f *followed) due(dst []Follower) []Follower {
	first := len(dst)
	for i := f.Passed(); i < f.End(); i++ {
		e := f.At(i)
		if e.Of == (view.Subject{}) || e.Except {
			return append(dst[:first], f.by...)
		}
	}
	if f.of == nil {
		f.of = map[view.Subject]map[Follower]struct{}{}
		for _, by := range f.by {
			f.note(by)
		}
	}
	seen := map[view.Subject]bool{}
	for i := f.Passed(); i < f.End(); i++ {
		of := f.At(i).Of
		if seen[of] {
			continue
		}
		seen[of] = true
		for by := range f.of[of] {
			dst = append(dst, by)
		}
	}
	return dst
}
