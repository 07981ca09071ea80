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
// An entry without a frame is for nobody: the sweep finds it.
func (f *followed) due(dst []Follower) []Follower {
	first, private := len(dst), false
	for i := f.Passed(); i < f.End(); i++ {
		switch e := f.At(i); {
		case e.Name == "":
		case e.Of == (view.Subject{}) || e.Except:
			return append(dst[:first], f.by...)
		default:
			private = true
		}
	}
	if !private {
		return dst
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
		if f.At(i).Name == "" || seen[of] {
			continue
		}
		seen[of] = true
		for by := range f.of[of] {
			dst = append(dst, by)
		}
	}
	return dst
}
