interface Item {
  skuId: string;
  sku: string;
  name: string;
  count: string;
  each?: string;
  sum?: string;
}

/** The lines of an order or a purchase order, to read. Without a total they have no prices. */
export const ItemTable = ({ items, total }: { items: readonly Item[]; total?: string }) => (
  <table className="table items">
    <caption className="hidden">Items</caption>
    <thead>
      <tr>
        <th scope="col">Item</th>
        <th scope="col" className="right">
          Quantity
        </th>
        {total !== undefined && (
          <th scope="col" className="right">
            Sum
          </th>
        )}
      </tr>
    </thead>
    <tbody>
      {items.map((item) => (
        <tr key={item.skuId}>
          <th scope="row" title={item.name}>
            <span className="block cut">{item.name}</span>
            <span className="minor mono cut">{item.sku}</span>
          </th>
          <td className="right num">
            <span className="block">{item.count}</span>
            {total !== undefined && <span className="minor">× {item.each}</span>}
          </td>
          {total !== undefined && <td className="right num">{item.sum}</td>}
        </tr>
      ))}
    </tbody>
    {total !== undefined && (
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          <td className="right num" colSpan={2}>
            <strong>{total}</strong>
          </td>
        </tr>
      </tfoot>
    )}
  </table>
);
