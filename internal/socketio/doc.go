// Package socketio serves Socket.IO clients, protocol 5, on top of package
// engineio.
package socketio
