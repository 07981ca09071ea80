package socketio

// ParseCommand reads an event.
var ParseCommand = parseCommand
