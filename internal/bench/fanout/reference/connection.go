package reference

import (
	"context"
	"crypto/tls"

	"github.com/jackc/pgx/v5"
)

// connectionOf is how conn is connected, for another process.
func connectionOf(conn *pgx.Conn) Connection {
	c := conn.Config()
	it := Connection{Host: c.Host, Port: c.Port, User: c.User, Password: c.Password, Database: c.Database}
	if _, encrypted := conn.PgConn().Conn().(*tls.Conn); encrypted {
		good := c.TLSConfig == nil || !c.TLSConfig.InsecureSkipVerify || c.TLSConfig.VerifyPeerCertificate != nil
		it.SSL = &SSL{RejectUnauthorized: good}
	}
	return it
}

// Listening is where the reference listens on a channel; connect leads there.
func Listening(ctx context.Context, channel string, connect func(context.Context) (*pgx.Conn, error)) (*Database, error) {
	conn, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return &Database{Connection: connectionOf(conn), Channel: channel}, nil
}
