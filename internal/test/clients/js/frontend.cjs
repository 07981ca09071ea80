// A frontend as people wrote them for a Socket.IO server of their own: it knows
// a URL, a token and its tenant, and nothing of cursors.
const { io } = require('socket.io-client')
const { tell } = require('./talk.cjs')

const { FEED_URL, TOKEN, TENANT } = process.env

const socket = io(FEED_URL, { auth: { token: TOKEN } })

socket.on('connect', () => {
  socket.emit('join-tenant', TENANT)
  tell('connect')
})

socket.on('order:created', order => tell('event', { name: 'order:created', args: [order] }))
socket.on('order:status-changed', ({ orderId, status }) => {
  tell('event', { name: 'order:status-changed', args: [{ orderId, status }] })
})
socket.on('dashboard:stats-updated', () => tell('refresh'))
socket.on('disconnect', () => tell('disconnect'))

process.stdin.on('end', () => {
  socket.emit('leave-tenant', TENANT)
  socket.disconnect()
}).resume()
