package auth

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// maxKeyFile is the largest key file that is read, in bytes.
	maxKeyFile = 64 << 10
	// maxTried bounds the keys that one token is tried against.
	maxTried = 8
)

// readKeys reads the public keys of a PEM file. Several keys let an issuer change
// its key: tokens of all of them are good. The dates of a certificate are not
// looked at; it is trusted because it is in the file.
func readKeys(path string) ([]any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	rest, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(rest) > maxKeyFile {
		return nil, errors.New("the file is larger than 64 KiB")
	}
	var keys []any
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		key, err := parseKey(block)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d, %q: %w", len(keys)+1, block.Type, err)
		}
		if err := usable(key); err != nil {
			return nil, fmt.Errorf("PEM block %d, %q: %w", len(keys)+1, block.Type, err)
		}
		if keys = append(keys, key); len(keys) > maxTried {
			return nil, fmt.Errorf("the file holds more than %d keys", maxTried)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the file holds no PEM block; want one that starts with -----BEGIN PUBLIC KEY-----")
	}
	return keys, nil
}

func parseKey(block *pem.Block) (any, error) {
	switch {
	case block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("a private key belongs to the issuer alone; put the public one here, as printed by openssl pkey -pubout")
	default:
		return nil, errors.New("want a PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE")
	}
}
