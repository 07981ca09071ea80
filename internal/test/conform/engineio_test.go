package conform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
)

// webSocket carries packets in frames.
type webSocket struct{ conn *websocket.Conn }

func dialWebSocket(ctx context.Context, q request) (packets, error) {
	dialer := websocket.Dialer{NetDialContext: q.network}
	conn, response, err := dialer.DialContext(ctx, "ws://"+q.address+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	_ = response.Body.Close()
	c := &webSocket{conn}
	if packet, err := c.read(); err != nil || !strings.HasPrefix(packet, "0{") {
		c.cut()
		return nil, fmt.Errorf("the first packet is %s: %w", packet, err)
	}
	return c, nil
}

func (c *webSocket) read() (string, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(servetest.Timeout)); err != nil {
		return "", err
	}
	_, packet, err := c.conn.ReadMessage()
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return "", farewell(closed)
	}
	return string(packet), err
}

func (c *webSocket) write(packet string) error {
	return c.conn.WriteMessage(websocket.TextMessage, []byte(packet))
}

func (c *webSocket) cut() { raw.Reset(c.conn.NetConn()) }

// polling carries packets in requests.
type polling struct {
	client  http.Client
	conns   *conns
	url     string
	pending []string
}

func dialPolling(_ context.Context, q request) (packets, error) {
	k := &conns{network: q.network, made: make(chan net.Conn, 10_000)}
	p := &polling{conns: k, url: "http://" + q.address + "/socket.io/?EIO=4&transport=polling"}
	p.client = http.Client{Timeout: servetest.Timeout, Transport: &http.Transport{DialContext: k.dial}}
	packet, err := p.read()
	if err != nil {
		return nil, err
	}
	var open struct{ Sid string }
	text, ok := strings.CutPrefix(packet, "0")
	if err := json.Unmarshal([]byte(text), &open); !ok || err != nil || open.Sid == "" {
		return nil, fmt.Errorf("the first packet is %s", packet)
	}
	p.url += "&sid=" + open.Sid
	return p, nil
}

// do makes a request.
func (p *polling) do(method, body string) (string, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, p.url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status + ": " + string(text))
		if strings.Contains(string(text), `"code":1,`) { // the session is gone
			err = new(ended)
		}
	}
	return string(text), err
}

func (p *polling) read() (string, error) {
	if len(p.pending) == 0 {
		text, err := p.do(http.MethodGet, "")
		if err != nil {
			return "", err
		}
		p.pending = strings.Split(text, "\x1e")
	}
	packet := p.pending[0]
	p.pending = p.pending[1:]
	return packet, nil
}

func (p *polling) write(packet string) error {
	answer, err := p.do(http.MethodPost, packet)
	if err == nil && answer != "ok" {
		err = fmt.Errorf("the answer is %q", answer)
	}
	return err
}

func (p *polling) cut() {
	p.conns.cut()
	p.client.CloseIdleConnections()
}
