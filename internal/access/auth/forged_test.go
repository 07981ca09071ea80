package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth"
)

// serveKeys publishes public keys under their ids.
func serveKeys(t *testing.T, published map[string]any) string {
	t.Helper()
	var set struct {
		Keys []jwkset.JWKMarshal `json:"keys"`
	}
	for kid, key := range published {
		jwk, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: kid}, Marshal: jwkset.JWKMarshalOptions{Private: true}})
		if err != nil {
			t.Fatal(err)
		}
		set.Keys = append(set.Keys, jwk.Marshal())
	}
	body, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	t.Cleanup(server.Close)
	return server.URL
}

// Every token is tried against verifiers with each source alone and with all of
// them, and none may let it pass.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	k := testKeys()
	rsaPEM := publicPEM(t, k.rsa.Public())
	rs256, hs256 := jwt.SigningMethodRS256, jwt.SigningMethodHS256
	symmetric := []byte("a symmetric key that the issuer published by mistake")
	file := keyFile(t, rsaPEM, publicPEM(t, k.p256.Public()), publicPEM(t, k.ed.Public()))
	url := serveKeys(t, map[string]any{"rsa": k.rsa.Public(), "ec": k.p256.Public(), "ed": k.ed.Public(), "oct": symmetric})
	verifiers := map[string]*auth.Verifier{
		"secret": newVerifier(t, auth.Options{Secret: []byte(secret)}),
		"file":   newVerifier(t, auth.Options{PublicKeyFile: file}),
		"set":    newVerifier(t, auth.Options{JWKSURL: url}),
		"all":    newVerifier(t, auth.Options{Secret: []byte(secret), PublicKeyFile: file, JWKSURL: url}),
	}
	kid := func(kid any) map[string]any { return map[string]any{"kid": kid} }

	good := map[string][]string{
		sign(t, hs256, []byte(secret), nil, goodClaims()):                  {"secret", "all"},
		sign(t, rs256, k.rsa, kid("rsa"), goodClaims()):                    {"file", "set", "all"},
		sign(t, jwt.SigningMethodHS384, []byte(secret), nil, goodClaims()): {"secret", "all"},
		sign(t, jwt.SigningMethodHS512, []byte(secret), nil, goodClaims()): {"secret", "all"},
		sign(t, rs256, k.rsa, nil, goodClaims()):                           {"file", "set", "all"},
		sign(t, jwt.SigningMethodPS512, k.rsa, kid(""), goodClaims()):      {"file", "set", "all"},
		sign(t, jwt.SigningMethodEdDSA, k.ed, nil, goodClaims()):           {"file", "set", "all"},
		sign(t, rs256, k.rsa, kid("unknown"), goodClaims()):                {"file", "all"},
		sign(t, jwt.SigningMethodES256, k.p256, kid("ec"), goodClaims()):   {"file", "set", "all"},
		// The file knows no key ids; the set must not use its RSA key here.
		sign(t, jwt.SigningMethodES256, k.p256, kid("rsa"), goodClaims()):                                     {"file", "all"},
		sign(t, jwt.SigningMethodEdDSA, k.ed, kid("ed"), goodClaims()):                                        {"file", "set", "all"},
		sign(t, rs256, k.rsa, map[string]any{"kid": "rsa", "typ": "application/at+jwt"}, goodClaims()):        {"file", "set", "all"},
		sign(t, rs256, k.rsa, map[string]any{"kid": "rsa", "typ": nil}, goodClaims()):                         {"file", "set", "all"},
		sign(t, rs256, k.rsa, map[string]any{"kid": "rsa", "jku": "http://127.0.0.1:1/"}, goodClaims()):       {"file", "set", "all"},
		sign(t, hs256, []byte(secret), map[string]any{"kid": "../../etc/passwd", "typ": "jwt"}, goodClaims()): {"secret", "all"},
	}
	for token, accepting := range good {
		for name, v := range verifiers {
			_, err := v.Verify(t.Context(), token)
			if want := strings.Contains(strings.Join(accepting, " "), name); (err == nil) != want {
				t.Errorf("good token %s with %s: error %v, want accepted %t", head(token), name, err, want)
			}
		}
	}

	genuine := sign(t, rs256, k.rsa, kid("rsa"), goodClaims())
	parts := strings.Split(genuine, ".")
	claims, header := parts[1], encode(`{"alg":"RS256","typ":"JWT","kid":"rsa"}`)
	unsigned := func(alg string) string {
		return encode(`{"alg":"`+alg+`","typ":"JWT","kid":"rsa"}`) + "." + claims + "."
	}
	rsaBytes := k.rsa.N.Bytes()
	forged := map[string]string{
		"alg none":                       sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid("rsa"), goodClaims()),
		"alg None":                       unsigned("None"),
		"alg NONE":                       unsigned("NONE"),
		"alg nOnE with a signature":      unsigned("nOnE") + parts[2],
		"alg empty":                      unsigned(""),
		"alg unknown":                    unsigned("RS1") + parts[2],
		"alg with NUL":                   unsigned(`RS256\u0000`) + parts[2],
		"alg missing":                    encode(`{"typ":"JWT","kid":"rsa"}`) + "." + claims + "." + parts[2],
		"alg a number":                   encode(`{"alg":256,"kid":"rsa"}`) + "." + claims + "." + parts[2],
		"alg a list":                     encode(`{"alg":["RS256"],"kid":"rsa"}`) + "." + claims + "." + parts[2],
		"HS256 with the PEM of the key":  sign(t, hs256, rsaPEM, kid("rsa"), goodClaims()),
		"HS256 with the modulus":         sign(t, hs256, rsaBytes, kid("rsa"), goodClaims()),
		"HS256 with the Ed25519 key":     sign(t, hs256, []byte(k.ed[32:]), kid("ed"), goodClaims()),
		"HS256 with the published oct":   sign(t, hs256, symmetric, kid("oct"), goodClaims()),
		"HS384 with the PEM of the key":  sign(t, jwt.SigningMethodHS384, rsaPEM, kid("rsa"), goodClaims()),
		"HS512 with another secret":      sign(t, jwt.SigningMethodHS512, []byte(secret+"."), nil, goodClaims()),
		"HS256 relabelled HS512":         relabel(sign(t, hs256, []byte(secret), nil, goodClaims()), `{"alg":"HS512"}`),
		"HS256 with no secret":           sign(t, hs256, []byte{}, nil, goodClaims()),
		"HS256 with another secret":      sign(t, hs256, []byte(secret+"."), nil, goodClaims()),
		"RS256 with another key":         sign(t, rs256, k.otherRSA, kid("rsa"), goodClaims()),
		"RS256 with another key and jwk": sign(t, rs256, k.otherRSA, map[string]any{"kid": "rsa", "jwk": map[string]any{"kty": "RSA", "n": encode(string(k.otherRSA.N.Bytes())), "e": "AQAB"}}, goodClaims()),
		"RS256 with another key and jku": sign(t, rs256, k.otherRSA, map[string]any{"kid": "mine", "jku": serveKeys(t, map[string]any{"mine": k.otherRSA.Public()})}, goodClaims()),
		"RS256 with another key and x5u": sign(t, rs256, k.otherRSA, map[string]any{"kid": "mine", "x5u": "https://127.0.0.1:1/cert"}, goodClaims()),
		"RS256 with another key and x5c": sign(t, rs256, k.otherRSA, map[string]any{"x5c": []string{base64.StdEncoding.EncodeToString(publicPEM(t, k.otherRSA.Public()))}}, goodClaims()),
		"RS256 with a weak key":          sign(t, rs256, k.weakRSA, kid("rsa"), goodClaims()),
		"ES384 naming the P-256 key":     sign(t, jwt.SigningMethodES384, k.p384, kid("ec"), goodClaims()),
		"ES512 with a P-256 key":         wrongCurve(t, k.p256, claims),
		"ES256 of zeros (psychic)":       encode(`{"alg":"ES256","kid":"ec"}`) + "." + claims + "." + encode(strings.Repeat("\x00", 64)),
		"ES256 relabelled RS256":         relabel(sign(t, jwt.SigningMethodES256, k.p256, kid("ec"), goodClaims()), `{"alg":"RS256","kid":"rsa"}`),
		"RS256 relabelled PS256":         relabel(genuine, `{"alg":"PS256","kid":"rsa"}`),
		"RS256 relabelled ES256":         relabel(genuine, `{"alg":"ES256","kid":"ec"}`),
		"RS256 relabelled EdDSA":         relabel(genuine, `{"alg":"EdDSA","kid":"ed"}`),
		"RS256 relabelled HS256":         relabel(genuine, `{"alg":"HS256"}`),
		"kid traversal":                  sign(t, rs256, k.otherRSA, kid("../../../dev/null"), goodClaims()),
		"kid injection":                  sign(t, rs256, k.otherRSA, kid(`rsa' OR '1'='1`), goodClaims()),
		"kid a list":                     sign(t, rs256, k.otherRSA, kid([]string{"rsa"}), goodClaims()),
		"kid of 300 bytes":               sign(t, rs256, k.otherRSA, kid(strings.Repeat("k", 300)), goodClaims()),
		"crit":                           sign(t, rs256, k.rsa, map[string]any{"kid": "rsa", "crit": []string{"b64"}, "b64": false}, goodClaims()),
		"crit, secret":                   sign(t, hs256, []byte(secret), map[string]any{"crit": []string{"exp"}}, goodClaims()),
		"typ logout+jwt":                 sign(t, rs256, k.rsa, map[string]any{"kid": "rsa", "typ": "logout+jwt"}, goodClaims()),
		"typ a number":                   sign(t, hs256, []byte(secret), map[string]any{"typ": 1}, goodClaims()),
		"no signature":                   header + "." + claims + ".",
		"signature cut":                  genuine[:len(genuine)-4],
		"signature longer":               genuine + "AAAA",
		"last bits of signature changed": parts[0] + "." + parts[1] + "." + looseEnd(parts[2]),
		"claims of another token":        parts[0] + "." + encode(`{"sub":"eve","exp":99999999999,"tenant_id":"U"}`) + "." + parts[2],
		"header of another token":        encode(`{"alg":"RS256","kid":"rsa","x":1}`) + "." + claims + "." + parts[2],
		"two parts":                      parts[0] + "." + parts[1],
		"four parts":                     genuine + ".x",
		"five parts, as encrypted":       encode(`{"alg":"dir","enc":"A256GCM"}`) + "....",
		"padding":                        parts[0] + "==." + parts[1] + "." + parts[2],
		"standard base64":                strings.NewReplacer("-", "+", "_", "/").Replace(parts[0] + "." + parts[1] + "." + parts[2] + "+/"),
		"blank before":                   " " + genuine,
		"line break after":               genuine + "\n",
		"line break inside":              parts[0] + "." + parts[1] + ".\r\n" + parts[2],
		"line break in the claims":       parts[0] + "." + claims[:8] + "\n" + claims[8:] + "." + parts[2],
		"Bearer before":                  "Bearer " + genuine,
		"header no JSON":                 encode("RS256") + "." + claims + "." + parts[2],
		"header null":                    encode("null") + "." + claims + "." + parts[2],
		"header a list":                  encode("[]") + "." + claims + "." + parts[2],
		"claims no JSON":                 header + "." + encode("sub=ada") + "." + parts[2],
		"claims a list":                  header + "." + encode("[]") + "." + parts[2],
		"dots":                           strings.Repeat(".", 8000),
		"binary":                         strings.Repeat("\x00\xff", 100),
		"JSON serialisation":             `{"payload":"` + claims + `","signatures":[]}`,
	}
	if len(forged) < 50 {
		t.Fatalf("%d forged tokens", len(forged))
	}
	// The keys of these may be in the set by now, which was fetched a moment ago.
	early := []string{"RS256 with another key and x5c", "RS256 with another key and jku", "RS256 with another key and x5u", "kid traversal", "kid injection"}
	for attack, token := range forged {
		for name, v := range verifiers {
			want, says := auth.ErrInvalid, "token could not be verified"
			if slices.Contains(early, attack) && (name == "set" || name == "all") {
				want, says = auth.ErrUnavailable, auth.ErrUnavailable.Error()
			}
			id, err := v.Verify(t.Context(), token)
			if !errors.Is(err, want) || errors.Is(err, auth.ErrExpired) || id.Subject != "" || id.Tenants != nil {
				t.Errorf("%s, verified with %s: identity %+v, error %v; want %v", attack, name, id, err, want)
				continue
			}
			if got := auth.PublicText(err); got != says {
				t.Errorf("%s, verified with %s: public text %q tells something", attack, name, got)
			}
			if part := claims[10:30]; strings.Contains(err.Error(), part) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s, verified with %s: the error shows the token: %v", attack, name, err)
			}
		}
	}
}

func head(token string) string {
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		return err.Error()
	}
	return string(header)
}

// relabel puts another header on a token.
func relabel(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return encode(header) + "." + rest
}

// wrongCurve makes a token whose signature is good but not what ES512 means.
func wrongCurve(t *testing.T, key *ecdsa.PrivateKey, claims string) string {
	t.Helper()
	signing := encode(`{"alg":"ES512","typ":"JWT","kid":"ec"}`) + "." + claims
	digest := sha512.Sum512([]byte(signing))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 132)
	r.FillBytes(signature[:66])
	s.FillBytes(signature[66:])
	if err := jwt.SigningMethodES512.Verify(signing, signature, key.Public()); err != nil {
		t.Fatalf("the library sees through it by itself: %v", err)
	}
	return signing + "." + encode(string(signature))
}

// looseEnd changes the bits of the last character that carry no data.
func looseEnd(signature string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, signature[len(signature)-1])
	return signature[:len(signature)-1] + string(alphabet[i^1])
}

// TestTokenWithoutKeyID: of many keys for its algorithm, the first eight are tried.
func TestTokenWithoutKeyID(t *testing.T) {
	t.Parallel()
	k := testKeys()
	published, signing := map[string]any{"rsa": k.rsa.Public()}, map[string]ed25519.PrivateKey{}
	for n := range 12 {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		kid := fmt.Sprint("ed", n)
		published[kid], signing[kid] = key.Public(), key
	}
	v := newVerifier(t, auth.Options{JWKSURL: serveKeys(t, published)})
	good := 0
	for kid, key := range signing {
		if _, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodEdDSA, key, map[string]any{"kid": kid}, goodClaims())); err != nil {
			t.Errorf("%s, named: %v", kid, err)
		}
		if _, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodEdDSA, key, nil, goodClaims())); err == nil {
			good++
		}
	}
	if good != 8 {
		t.Errorf("%d of 12 keys are tried", good)
	}
	if _, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodPS256, k.rsa, nil, goodClaims())); err != nil {
		t.Errorf("the only key for its algorithm: %v", err)
	}
}
