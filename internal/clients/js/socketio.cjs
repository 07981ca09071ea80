// A client of Socket.IO, with the package socket.io-client.
const { io } = require('socket.io-client')
const { tell, obey } = require('./talk.cjs')

let socket

obey({
  // connect takes the options of io; with as 'function' auth is given as one.
  connect(url, options, as) {
    const { auth } = options
    const s = socket = io(url, as === 'function' ? { ...options, auth: give => setTimeout(give, 1, auth) } : options)
    s.io.on('open', () => {
      tell('open', { name: s.io.engine.transport.name })
      s.io.engine.on('upgrade', ({ name }) => tell('upgrade', { name }))
    })
    s.on('connect', () => tell('connect', { id: s.id, recovered: s.recovered }))
    s.on('connect_error', ({ message, data }) => tell('connect_error', { text: message, message: data, active: s.active }))
    s.on('disconnect', reason => tell('disconnect', { text: reason, active: s.active }))
    s.onAny((name, ...args) => tell('event', { name, args }))
  },
  emit(...args) { socket.emit(...args) },
  // ask emits with an acknowledgement.
  ask(...args) { socket.emit(...args, (...answer) => tell('answer', { args: answer })) },
  // cut breaks the connection off without a word.
  cut() { socket.io.engine.close() },
  renew(auth) { socket.auth = auth; socket.connect() },
  close() { socket.close() },
})
