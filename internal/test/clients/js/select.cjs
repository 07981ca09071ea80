// Loads orders by the example of the guide, which is the module in MODULE.
const { Pool } = require('pg')
const { tell, obey } = require('./talk.cjs')

const example = import(process.env.MODULE)
let snapshot

obey({
  async load(host, user, database, tenant) {
    const { load } = await example
    const pool = new Pool({ host, user, database })
    const loaded = await load(pool, tenant)
    await pool.end()
    snapshot = loaded.snapshot
    tell('loaded', { message: { data: loaded } })
  },
  async shows(tx) {
    const { shows } = await example
    tell('shows', { active: shows(snapshot, tx) })
  },
})
