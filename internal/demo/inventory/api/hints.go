package api

import (
	"context"
	"fmt"
	"strings"
)

// hints are lines to copy that change something of the tenant with psql.
type hints struct {
	DatabaseURL string `json:"databaseUrl"`
	// PSQL is the first of the lines.
	PSQL  string `json:"psql"`
	Lines []hint `json:"lines"`
}

type hint struct {
	Title string `json:"title"`
	PSQL  string `json:"psql"`
}

func (a *API) hints(_ context.Context, c *caller) (any, error) {
	url := quote(a.DatabaseURL)
	// The only thing in the statements that is not fixed is the tenant, a uuid.
	const (
		adjust = `insert into stock_movements (tenant_id, sku_id, movement_type, quantity, reason)
  select tenant_id, id, 'adjustment', -1, 'damaged' from skus
   where tenant_id = '%s' order by quantity desc limit 1`
		order = `with o as (insert into orders (tenant_id, customer, total)
    select tenant_id, 'Somebody with psql', price from skus
     where tenant_id = '%s' order by quantity desc, id limit 1 returning *)
  insert into order_items (tenant_id, order_id, sku_id, quantity, unit_price)
  select o.tenant_id, o.id, s.id, 1, s.price from o join skus s on s.tenant_id = o.tenant_id
   order by s.quantity desc, s.id limit 1`
		rows = `copy (select tenant_id, id, 'adjustment', d, 'recount' from skus, generate_series(1, 100), (values (1), (-1)) v (d)
    where tenant_id = '%s') to stdout`
		into = `copy stock_movements (tenant_id, sku_id, movement_type, quantity, reason) from stdin`
	)
	h := hints{DatabaseURL: a.DatabaseURL}
	for _, line := range [][2]string{
		{"adjust the stock", fmt.Sprintf(`psql %s -c "`+adjust+`"`, url, c.tenant)},
		{"create an order", fmt.Sprintf(`psql %s -c "`+order+`"`, url, c.tenant)},
		{"copy thousands of rows", fmt.Sprintf(`psql %s -c "`+rows+`" | psql %[1]s -c "`+into+`"`, url, c.tenant)},
	} {
		h.Lines = append(h.Lines, hint{line[0], line[1]})
	}
	h.PSQL = h.Lines[0].PSQL
	return h, nil
}

// quote makes one word of a shell of any text.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
