// The server that many run today: LISTEN, JSON.parse, io.to(room).emit. One
// process, default settings. It is told what to do as every process of the
// benchmark, by JSON-RPC over the standard streams, one object a line.
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pg from 'pg'
import { Server } from 'socket.io'

const http = createServer()
const io = new Server(http)

io.on('connection', (socket) => {
  socket.on('join-tenant', (tenantId, done) => {
    socket.join(`tenant:${tenantId}`)
    if (typeof done === 'function') done({ ok: true, tenantId })
  })
  socket.on('leave-tenant', (tenantId, done) => {
    socket.leave(`tenant:${tenantId}`)
    if (typeof done === 'function') done({ ok: true, tenantId })
  })
})

// positions counts the changes of each tenant.
const positions = new Map()

// emit sends a change to its tenant, with what Rowcast says about one.
function emit(tenantId, data) {
  const position = (positions.get(tenantId) ?? 0) + 1
  positions.set(tenantId, position)
  io.to(`tenant:${tenantId}`).emit('measured:created', data, {
    tenantId,
    position,
    cursor: `bench.${position}.95g5m9brtt0q`,
    at: new Date().toISOString().replace('Z', '000Z'),
    source: { table: 'measured', op: 'insert', tx: String(position), writer: 'bench' },
  })
}

// row is the one that changes without a database have.
const row = {
  id: 4711,
  tenant_id: 'T',
  number: 'SO-2026-004711',
  status: 'open',
  total: '1299.90',
  note: 'x'.repeat(60),
}

async function listen({ Connection, Channel }) {
  const client = new pg.Client(Connection)
  client.on('notification', ({ payload }) => {
    const data = JSON.parse(payload)
    emit(data.tenant_id, data)
  })
  client.on('error', (error) => {
    console.error('the connection for LISTEN broke:', error)
    process.exit(1)
  })
  await client.connect()
  await client.query(`LISTEN ${client.escapeIdentifier(Channel)}`)
}

const services = {
  async 'Reference.Start'({ Database }) {
    if (Database) await listen(Database)
    await new Promise((done, failed) => http.once('error', failed).listen(0, '127.0.0.1', done))
    return `127.0.0.1:${http.address().port}`
  },

  async 'Reference.Publish'({ Tenant, Changes: { Count, Rate } }) {
    const begin = performance.now()
    let late = 0
    for (let i = 0; i < Count; i++) {
      if (Rate > 0) {
        const due = begin + (i * 1000) / Rate
        const wait = due - performance.now()
        await (wait > 0 ? pause(Math.ceil(wait)) : breathe())
        late = Math.max(late, performance.now() - due)
      }
      emit(Tenant, row)
    }
    return { Late: Math.round(late * 1e6) }
  },

  'Process.Usage'() {
    const { user, system } = process.cpuUsage() // getrusage(2), in µs
    const { rss, heapUsed } = process.memoryUsage()
    return { CPU: (user + system) * 1000, RSS: rss, Heap: heapUsed, Stacks: 0, Mallocs: 0 }
  },

  'Process.Collect'() {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    for (let i = 0; i < 4; i++) collect()
    return {}
  },
}

const lines = createInterface({ input: process.stdin })
lines.on('line', async (line) => {
  const { method, params, id } = JSON.parse(line)
  let answer
  try {
    if (!services[method]) throw new Error(`there is no method ${method}`)
    answer = { id, result: await services[method](params[0]), error: null }
  } catch (error) {
    answer = { id, result: null, error: error.message || String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
})
lines.on('close', () => process.exit(0))
