package socketio_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/wire/socketio"
)

const limit = 10_000

// asJSON are JSON texts.
func asJSON(texts ...string) (list []json.RawMessage) {
	for _, text := range texts {
		list = append(list, json.RawMessage(text))
	}
	return list
}

// decode gives messages to a decoder: texts, and with a leading 'b' binary ones.
func decode(messages ...string) (p *socketio.Packet, err error) {
	var d socketio.Decoder
	for _, m := range messages {
		if p != nil {
			return p, nil
		}
		data, binary := strings.CutPrefix(m, "b")
		if p, err = d.Decode(binary, []byte(data), limit); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// TestDecode: what packets say, in all forms of their heads.
func TestDecode(t *testing.T) {
	t.Parallel()
	placeholders := asJSON(`{"_placeholder":true,"num":0}`, `[{"num":1,"_placeholder":true}]`)
	for messages, want := range map[string]socketio.Packet{
		"0":                                 {Type: socketio.ConnectPacket, Namespace: "/", ID: -1, Auth: json.RawMessage("{}")},
		"0/custom":                          {Type: socketio.ConnectPacket, Namespace: "/custom", ID: -1, Auth: json.RawMessage("{}")},
		"0/custom,":                         {Type: socketio.ConnectPacket, Namespace: "/custom", ID: -1, Auth: json.RawMessage("{}")},
		`0{"token": "a,b"}`:                 {Type: socketio.ConnectPacket, Namespace: "/", ID: -1, Auth: json.RawMessage(`{"token": "a,b"}`)},
		`0/custom,{"a":1}`:                  {Type: socketio.ConnectPacket, Namespace: "/custom", ID: -1, Auth: json.RawMessage(`{"a":1}`)},
		"0/,{}":                             {Type: socketio.ConnectPacket, Namespace: "/", ID: -1, Auth: json.RawMessage("{}")},
		"1":                                 {Type: socketio.DisconnectPacket, Namespace: "/", ID: -1},
		"1/custom":                          {Type: socketio.DisconnectPacket, Namespace: "/custom", ID: -1},
		"1/custom,":                         {Type: socketio.DisconnectPacket, Namespace: "/custom", ID: -1},
		`2["a"]`:                            {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "a", Args: asJSON()},
		`2["a", 1 ,"2",{"3":[true]}]`:       {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "a", Args: asJSON("1", `"2"`, `{"3":[true]}`)},
		`2["\u0061",1.50]`:                  {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "a", Args: asJSON("1.50")},
		`2[-1.5,{ }]`:                       {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "-1.5", Args: asJSON("{ }")},
		`2/x,0["a"]`:                        {Type: socketio.EventPacket, Namespace: "/x", ID: 0, Name: "a", Args: asJSON()},
		`2999999999999999["a"]`:             {Type: socketio.EventPacket, Namespace: "/", ID: 999999999999999, Name: "a", Args: asJSON()},
		`2["a",{"_placeholder":true}]`:      {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "a", Args: asJSON(`{"_placeholder":true}`)},
		`312[]`:                             {Type: socketio.AckPacket, Namespace: "/", ID: 12, Args: asJSON()},
		`3/x,12["connect"]`:                 {Type: socketio.AckPacket, Namespace: "/x", ID: 12, Args: asJSON(`"connect"`)},
		`50-["a"]`:                          {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "a", Args: asJSON()},
		`51-["a",{"_placeholder":false}]|b`: {Type: socketio.EventPacket, Namespace: "/", ID: -1, Name: "a", Args: asJSON(`{"_placeholder":false}`), Attachments: [][]byte{{}}},
		`52-/x,7["a",{"_placeholder":true,"num":0},[{"num":1,"_placeholder":true}]]|bab|bc`: {
			Type: socketio.EventPacket, Namespace: "/x", ID: 7, Name: "a", Args: placeholders, Attachments: [][]byte{[]byte("ab"), []byte("c")},
		},
		`62-7[{"_placeholder":true,"num":0},[{"num":1,"_placeholder":true}]]|bab|bc`: {
			Type: socketio.AckPacket, Namespace: "/", ID: 7, Args: placeholders, Attachments: [][]byte{[]byte("ab"), []byte("c")},
		},
	} {
		got, err := decode(strings.Split(messages, "|")...)
		if err != nil || got == nil {
			t.Errorf("%s: %v, %v", messages, got, err)
			continue
		}
		if want.Args != nil || len(got.Args) > 0 {
			if diff := cmp.Diff(want.Args, got.Args); diff != "" {
				t.Errorf("%s: %s", messages, diff)
			}
		}
		want.Args, got.Args = nil, nil
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s: %s", messages, diff)
		}
	}
}

// TestMalformedPackets: each is refused, and none of them panics.
func TestMalformedPackets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 129)
	for _, messages := range []string{
		"", "abc", "7", "9", "2", "2{}", "2[]", "2null", `2"a"`, "2[", `2["a"`, `2["a"]]`, `2["a",]`, ` 2["a"]`, `2 ["a"]`,
		`2[null]`, `2[{}]`, `2[["a"]]`, `2[true]`, `2abc["a"]`, `2-1["a"]`, `21.5["a"]`, `21e3["a"]`,
		`2["connect"]`, `2["connect_error"]`, `2["disconnect"]`, `2["disconnecting"]`, `2["newListener"]`, `2["removeListener"]`,
		`2["\u0063onnect"]`, `21000000000000000["a"]`, `2` + strings.Repeat("1", 5000) + `["a"]`,
		"0[]", `0"x"`, "0null", "01", "01{}", `0{`, `0/custom{}`[:9] + long + long, "0/" + long, "1{}", "1[]", "11", "1/a,1",
		"3[]", "3", "31", "31{}", `31"a"`, "4", `4{"message":"no"}`,
		`5["a"]`, `5-["a"]`, `5x-["a"]`, `5-1-["a"]`, `51["a"]`, "51-", "51-{}", "6", "61-[]|b",
		`511-["a"]`, `51000000-["a"]`, `599999999999999999999999-["a"]`, "5" + strings.Repeat("9", 5000) + `-["a"]`, `5NaN-["a"]`, `51.5-["a"]`,
		"2[\"\xff\"]", "0/\xff", `2["a",` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "]",
		strings.Repeat("[", limit), "2" + strings.Repeat("[", limit-1), "0" + strings.Repeat(`{"a":`, 1000),
		`2["a"` + strings.Repeat(",1", 1001) + "]", `2["` + strings.Repeat("a", limit) + `"]`,
		"b", "babc", `51-["a",{"_placeholder":true,"num":0}]|2["b"]`, `51-["a"]|0`, `52-["a"]|bx|2["b"]`,
		`51-["a",{"_placeholder":true,"num":0}]|b` + strings.Repeat("x", limit),
	} {
		if p, err := decode(strings.Split(messages, "|")...); err == nil {
			t.Errorf("%.60q was taken: %+v", messages, p)
		}
	}
}

// TestPlaceholdersThatLie are refused before their attachments are awaited.
func TestPlaceholdersThatLie(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{
		`{"_placeholder":true}`, `{"_placeholder":true,"num":1}`, `{"_placeholder":true,"num":-1}`, `{"_placeholder":true,"num":0.5}`,
		`{"_placeholder":true,"num":1e999}`, `{"_placeholder":true,"num":99999999999999999999}`, `{"_placeholder":true,"num":"0"}`,
		`{"_placeholder":true,"num":"splice"}`, `{"_placeholder":true,"num":null}`, `{"_placeholder":true,"num":[0]}`,
		`{"_placeholder":true,"num":{"num":0}}`, `{"_placeholder":true,"num":0,"num":7}`, `{"_placehol\u0064er":true,"num":7}`,
		`{"num":7,"_placeholder":false,"_placeholder":true}`, `{"a":[[{"b":{"_placeholder":true,"num":2}}]]}`,
		`{"_placeholder":true,"num":0,"a":{"_placeholder":true,"num":"__proto__"}}`,
	} {
		if p, err := decode(`51-["a",` + arg + `]`); err == nil {
			t.Errorf("%s was taken: %+v", arg, p)
		}
	}
	for _, arg := range []string{`{"_placeholder":1,"num":7}`, `{"_placeholder":"true"}`, `{"_placeholder":true,"num":7,"num":0}`, `{"num":7}`, `[]`, `0`} {
		if _, err := decode(`51-["a",`+arg+`]`, "bx"); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

// TestPacketsOfABrokenDecoder: a packet is whole only with its attachments, and
// the next one begins anew.
func TestPacketsFollowEachOther(t *testing.T) {
	t.Parallel()
	var d socketio.Decoder
	for range 3 {
		for i, m := range []string{`52-["a"]`, "b1", "b2", `2["b"]`} {
			data, binary := strings.CutPrefix(m, "b")
			p, err := d.Decode(binary, []byte(data), limit)
			if err != nil || (p != nil) != (i > 1) {
				t.Fatalf("message %d: %+v, %v", i, p, err)
			}
		}
	}
}
