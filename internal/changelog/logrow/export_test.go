package logrow

// ParseImages and Examine are for the tests of this folder.
var (
	ParseImages = parseImages //nolint:gochecknoglobals // see above
	Examine     = examine     //nolint:gochecknoglobals // see above
)
