package devpg

// LeftMemory returns the System V segment of a server that runs in data.
func LeftMemory(data string) (int, bool) {
	n, err := readNote(data)
	return n.segment, err == nil && n.segment != 0
}

// WithCache has templates and downloads go to dir.
func (o Options) WithCache(dir string) Options {
	o.cache = dir
	return o
}
