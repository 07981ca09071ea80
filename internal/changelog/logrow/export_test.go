package logrow

// ParseImages and Examine are for the tests of this folder.
var (
	ParseImages = parseImages
	Examine     = examine
)
