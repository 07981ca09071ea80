package websocket

import "unicode/utf8"

// badGateway is a close code that was registered after gorilla made its list.
const badGateway = 1014

// refusedGateway is how gorilla says that it does not know it.
const refusedGateway = "websocket: bad close code 1014"

// closeKind is what the first byte of a close frame ends with.
const closeKind = closeFrame & 15

// farewell follows the frames of a client, for what its close frame carries: gorilla
// does not distinguish a payload of one byte from none. It is of use only if gorilla
// got as far as to that frame.
type farewell struct {
	// header is that of the frame that is being read, have how much of it there is.
	header [14]byte
	have   int
	// left is how much of its payload is to come.
	left uint64
	// payload is that of the close frame, whole if over.
	payload []byte
	over    bool
}

// feed takes what was read.
func (f *farewell) feed(b []byte) {
	for len(b) > 0 && !f.over {
		if f.left == 0 {
			f.header[f.have] = b[0]
			f.have, b = f.have+1, b[1:]
			if f.have == f.size() {
				f.begin()
			}
			continue
		}
		n := int(min(f.left, uint64(len(b))))
		if f.closes() {
			f.payload = append(f.payload, b[:min(n, maxControl)]...)
		}
		f.left, b = f.left-uint64(n), b[n:]
		if f.left == 0 {
			f.end()
		}
	}
}

// size is how long the header is, as far as it is known.
func (f *farewell) size() int {
	if f.have < 2 {
		return 2
	}
	return 2 + f.lengthBytes() + f.maskBytes()
}

// lengthBytes is how many bytes the length has beside the one that always is.
func (f *farewell) lengthBytes() int {
	switch f.header[1] & 127 {
	case 126:
		return 2
	case 127:
		return 8
	}
	return 0
}

func (f *farewell) maskBytes() int { return int(f.header[1]>>7) * 4 }

func (f *farewell) closes() bool { return f.header[0]&15 == closeKind }

// begin takes the length of a frame whose header is whole.
func (f *farewell) begin() {
	f.left = uint64(f.header[1] & 127)
	if n := f.lengthBytes(); n > 0 {
		f.left = 0
		for _, b := range f.header[2 : 2+n] {
			f.left = f.left<<8 | uint64(b)
		}
	}
	if f.left == 0 {
		f.end()
	}
}

// end notes the end of a frame.
func (f *farewell) end() {
	if f.over = f.closes(); f.over && f.maskBytes() > 0 {
		for i := range f.payload {
			f.payload[i] ^= f.header[f.have-4+i%4]
		}
	}
	f.have = 0
}

// isBadGateway says whether the client closed with that code and a text.
func (f *farewell) isBadGateway() bool {
	return f.over && len(f.payload) >= 2 && int(f.payload[0])<<8|int(f.payload[1]) == badGateway && utf8.Valid(f.payload[2:])
}
