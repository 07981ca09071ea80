//go:build !unix

package transport

const canTry = false

func (s *Socket) tryWrite(uintptr) bool { return true }

func (s *Socket) tryPeek(uintptr) bool { return true }
