package socketio

// ParseCommand reads an event.
var ParseCommand = parseCommand //nolint:gochecknoglobals // for tests
