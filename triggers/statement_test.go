package triggers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/test/pgtest"
)

// Each case starts with the rows (1,T,one), (2,T,two) and (3,U,three) in docs
// and an empty log.
func TestStatements(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		run    []string
		log    []string
		sealed []string
	}{
		{
			name: "insert", run: []string{`insert into docs values (4, 'T', 'four')`},
			log: []string{`i T (4,T,four)`}, sealed: []string{"T 1 i"},
		}, {
			name: "insert of several", run: []string{`insert into docs values (4, 'T', 'four'), (5, 'T', 'five')`},
			log: []string{`i T (4,T,four)(5,T,five)`}, sealed: []string{"T 1-2 i"},
		}, {
			name: "insert for several tenants", run: []string{`insert into docs values (4, 'U', '4'), (5, 'T', '5'), (6, 'U', '6'), (7, null, '7')`},
			log: []string{`i U (4,U,4)(6,U,6)`, `i T (5,T,5)`}, sealed: []string{"U 1-2 i", "T 1 i"},
		}, {
			name: "update", run: []string{`update docs set body = 'uno' where id = 1`},
			log: []string{`u T (1,T,uno)<(1,T,one)`}, sealed: []string{"T 1 u"},
		}, {
			name: "update of several", run: []string{`update docs set body = upper(body)`},
			log: []string{`u T (1,T,ONE)(2,T,TWO)<(1,T,one)(2,T,two)`, `u U (3,U,THREE)<(3,U,three)`}, sealed: []string{"T 1-2 u", "U 1 u"},
		}, {
			name: "delete", run: []string{`delete from docs where id = 1`},
			log: []string{`d T <(1,T,one)`}, sealed: []string{"T 1 d"},
		}, {
			name: "delete of several", run: []string{`delete from docs`},
			log: []string{`d T <(1,T,one)(2,T,two)`, `d U <(3,U,three)`}, sealed: []string{"T 1-2 d", "U 1 d"},
		}, {
			name: "truncate", run: []string{`insert into docs values (4, 'T', 'four')`, `truncate docs`},
			log: []string{`i T (4,T,four)`, `t`}, sealed: []string{"T 1 i", "T 2 t"},
		}, {
			name: "no rows", run: []string{
				`update docs set body = 'x' where id = 99`, `delete from docs where id = 99`, `insert into docs select * from docs where id = 99`,
			},
		}, {
			name: "updates without effect", run: []string{`update docs set body = 'one' where id = 1`, `update docs set body = body`},
		}, {
			name: "updates partly without effect", run: []string{`update docs set body = 'one' where id < 3`},
			log: []string{`u T (2,T,one)<(2,T,two)`}, sealed: []string{"T 1 u"},
		}, {
			name: "on conflict do update", run: []string{
				`insert into docs values (1, 'T', 'uno'), (4, 'T', 'four') on conflict (id) do update set body = excluded.body`,
			},
			log: []string{`u T (1,T,uno)<(1,T,one)`, `i T (4,T,four)`}, sealed: []string{"T 1 u", "T 2 i"},
		}, {
			name: "on conflict do nothing", run: []string{`insert into docs values (1, 'T', 'uno'), (4, 'T', 'four') on conflict do nothing`},
			log: []string{`i T (4,T,four)`}, sealed: []string{"T 1 i"},
		}, {
			name: "modifying expressions", run: []string{`
				with gone as (delete from docs where id = 1 returning *),
				     changed as (update docs set body = 'dos' where id = 2)
				insert into docs select id + 10, tenant_id, body from gone`},
			log:    []string{`d T <(1,T,one)`, `i T (11,T,one)`, `u T (2,T,dos)<(2,T,two)`},
			sealed: []string{"T 1 d", "T 2 u", "T 3 i"},
		}, {
			// The insert begins first and the row is there in the end.
			name:   "delete and insert of the same key",
			run:    []string{`with gone as (delete from docs where id = 1 returning *) insert into docs select id, tenant_id, 'again' from gone`},
			log:    []string{`d T <(1,T,one)`, `i T (1,T,again)`},
			sealed: []string{"T 1 d", "T 2 i"},
		}, {
			name:   "primary key",
			run:    []string{`update docs set id = 10 where id = 1`},
			log:    []string{`u T (10,T,one)<(1,T,one)`},
			sealed: []string{"T 1 u"},
		}, {
			name:   "primary keys",
			run:    []string{`update docs set id = id + 10`},
			log:    []string{`u T (11,T,one)(12,T,two)<(1,T,one)(2,T,two)`, `u U (13,U,three)<(3,U,three)`},
			sealed: []string{"T 1-2 u", "U 1 u"},
		}, {
			name:   "another tenant",
			run:    []string{`update docs set tenant_id = 'U', body = 'secret of U' where id = 1`},
			log:    []string{`d T <(1,T,one)`, `i U (1,U,secret of U)`},
			sealed: []string{"T 1 d", "U 1 i"},
		}, {
			name:   "another tenant for several",
			run:    []string{`update docs set tenant_id = case tenant_id when 'T' then 'U' else 'T' end`},
			log:    []string{`d T <(1,T,one)(2,T,two)`, `i U (1,U,one)(2,U,two)`, `d U <(3,U,three)`, `i T (3,T,three)`},
			sealed: []string{"T 1-2 d", "U 1 d", "U 2-3 i", "T 3 i"},
		}, {
			// Key 2 is free before it is taken.
			name: "keys swapped between tenants",
			run: []string{
				`create table pages (tenant_id text, id int, body text, primary key (tenant_id, id))`,
				`insert into pages values ('T', 2, 'two'), ('U', 7, 'seven')`, `select rowcast.watch('pages')`,
				`update pages set id = case tenant_id when 'T' then 3 else 2 end, tenant_id = 'T'`,
			},
			log:    []string{`u T (T,3,two)<(T,2,two)`, `d U <(U,7,seven)`, `i T (T,2,seven)`},
			sealed: []string{"U 1 d", "T 1 u", "T 2 i"},
		}, {
			name:   "from and to no tenant",
			run:    []string{`update docs set tenant_id = null where id = 1`, `update docs set tenant_id = 'U' where id = 1`},
			log:    []string{`d T <(1,T,one)`, `i U (1,U,one)`},
			sealed: []string{"T 1 d", "U 1 i"},
		}, {
			name: "from and to no tenant for several",
			run:  []string{`update docs set tenant_id = null`, `update docs set body = 'nobody'`, `update docs set tenant_id = 'V'`},
			log: []string{
				`d T <(1,T,one)(2,T,two)`, `d U <(3,U,three)`, `i V (1,V,nobody)(2,V,nobody)(3,V,nobody)`,
			},
			sealed: []string{"T 1-2 d", "U 1 d", "V 1-3 i"},
		}, {
			name: "tenants that no token can name",
			run: []string{
				`insert into docs values (4, repeat('x', 256), 'four')`, `insert into docs values (5, '', 'five'), (6, repeat('x', 3000), 'six')`,
				`update docs set body = 'x' where id > 3`, `delete from docs where id > 3`, `insert into docs values (7, repeat('é', 127), 'seven')`,
			},
			log:    []string{`i ` + long + ` (7,` + long + `,seven)`},
			sealed: []string{long + " 1 i"},
		}, {
			name: "savepoints",
			run: []string{
				`begin`, `insert into docs values (4, 'T', 'four')`, `savepoint a`, `insert into docs values (5, 'T', 'five')`,
				`rollback to a`, `insert into docs values (6, 'T', 'six')`, `release a`, `commit`,
			},
			log:    []string{`i T (4,T,four)`, `i T (6,T,six)`},
			sealed: []string{"T 1 i", "T 2 i"},
		}, {
			name: "exception block",
			run: []string{`do $$ begin
				begin
					insert into docs values (4, 'T', 'four');
					insert into docs values (4, 'T', 'again');
				exception when unique_violation then
					insert into docs values (5, 'T', 'five');
				end;
				update docs set body = 'cinco' where id = 5;
			end $$`},
			log:    []string{`i T (5,T,five)`, `u T (5,T,cinco)<(5,T,five)`},
			sealed: []string{"T 1 i", "T 2 u"},
		}, {
			name: "rollback",
			run:  []string{`begin`, `insert into docs values (4, 'T', 'four')`, `delete from docs`, `truncate docs`, `rollback`},
		}, {
			name: "prepared statement",
			run: []string{
				`prepare put as insert into docs values ($1, $2, $3)`,
				`execute put(4, 'T', 'four')`, `execute put(5, 'U', 'five')`, `execute put(6, null, 'six')`,
				`execute put(7, 'T', '7')`, `execute put(8, 'T', '8')`, `execute put(9, 'T', '9')`, `execute put(10, 'T', '10')`,
			},
			log:    []string{`i T (4,T,four)`, `i U (5,U,five)`, `i T (7,T,7)`, `i T (8,T,8)`, `i T (9,T,9)`, `i T (10,T,10)`},
			sealed: []string{"T 1 i", "U 1 i", "T 2 i", "T 3 i", "T 4 i", "T 5 i"},
		}, {
			name:   "serializable writer",
			run:    []string{`begin isolation level serializable`, `insert into docs values (4, 'T', 'four')`, `update docs set body = 'x' where id = 4`, `commit`},
			log:    []string{`i T (4,T,four)`, `u T (4,T,x)<(4,T,four)`},
			sealed: []string{"T 1 i", "T 2 u"},
		}, {
			name:   "repeatable read writer",
			run:    []string{`begin isolation level repeatable read`, `select 1`, `delete from docs where id = 1`, `commit`},
			log:    []string{`d T <(1,T,one)`},
			sealed: []string{"T 1 d"},
		}, {
			name: "where current of",
			run: []string{
				`begin`, `declare c cursor for select * from docs order by id for update`, `move 2 in c`,
				`update docs set body = 'dos' where current of c`, `delete from docs where current of c`, `commit`,
			},
			log:    []string{`u T (2,T,dos)<(2,T,two)`, `d T <(2,T,dos)`},
			sealed: []string{"T 1 u", "T 2 d"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDatabase(t, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two'), (3, 'U', 'three')`, `delete from rowcast.log`)
			d.Exec(t, test.run...)
			d.wantLog(t, test.log...)
			d.wantSealed(t, test.sealed...)
		})
	}
}

// long is the longest tenant that a token can name in characters of two bytes.
var long = strings.Repeat("é", 127)

func TestMerge(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, `insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`, `delete from rowcast.log`)
	if pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`) < 150000 {
		t.Skip("MERGE came with PostgreSQL 15")
	}
	d.Exec(t, `
		merge into docs d using (values (1, 'uno'), (2, null), (3, 'tres')) s (id, body) on d.id = s.id
		 when matched and s.body is null then delete
		 when matched then update set body = s.body
		 when not matched then insert values (s.id, 'T', s.body)`)
	d.wantLog(t, `d T <(2,T,two)`, `u T (1,T,uno)<(1,T,one)`, `i T (3,T,tres)`)
	d.wantSealed(t, "T 1 d", "T 2 u", "T 3 i")
}

func TestCopy(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	file := filepath.Join(t.TempDir(), "docs.csv")
	if err := os.WriteFile(file, []byte("1,T,one\n2,U,two\n3,T,three\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pgtest.Psql(t, d.DSN, "-c", `\copy docs from '`+file+`' with csv`)
	n, err := d.Conn.CopyFrom(t.Context(), pgx.Identifier{"docs"}, []string{"id", "tenant_id", "body"},
		pgx.CopyFromRows([][]any{{4, "T", "four"}, {5, "T", "five"}}))
	if err != nil || n != 2 {
		t.Fatalf("copied %d rows: %v", n, err)
	}
	d.wantLog(t, `i T (1,T,one)(3,T,three)`, `i U (2,U,two)`, `i T (4,T,four)(5,T,five)`)
	d.wantSealed(t, "T 1-2 i", "U 1 i", "T 3-4 i")
}

func TestCascades(t *testing.T) {
	t.Parallel()
	d := newDatabase(t,
		`create table notes (id int primary key, doc int references docs on delete cascade on update cascade, tenant_id text)`,
		`create table tree (id int primary key, parent int references tree on delete cascade, tenant_id text)`,
		`select rowcast.watch('notes'), rowcast.watch('tree')`,
		`insert into docs values (1, 'T', 'one'), (2, 'T', 'two')`,
		`insert into notes values (11, 1, 'T'), (12, 1, 'T'), (21, 2, 'T')`,
		`insert into tree values (1, null, 'T'), (2, 1, 'T'), (3, 2, 'T'), (4, 2, 'T'), (5, null, 'T')`,
		`delete from rowcast.log`)
	d.Exec(t, `begin`, `update docs set id = id + 10`, `delete from docs`, `delete from tree where id = 1`)
	d.Exec(t, `commit`)
	d.wantLog(t,
		`u T (11,T,one)(12,T,two)<(1,T,one)(2,T,two)`,
		`u T (11,11,T)(12,11,T)(21,12,T)<(11,1,T)(12,1,T)(21,2,T)`,
		`d T <(11,T,one)(12,T,two)`,
		`d T <(11,11,T)(12,11,T)(21,12,T)`,
		`d T <(1,null,T)(2,1,T)(3,2,T)(4,2,T)`)
	d.wantSealed(t, "T 1-2 u", "T 3-5 u", "T 6-7 d", "T 8-10 d", "T 11-14 d")
}
