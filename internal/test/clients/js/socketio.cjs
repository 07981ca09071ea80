// A client of Socket.IO, with the package socket.io-client.
const { existsSync } = require('node:fs')
const { io } = require('socket.io-client')
const { tell, obey } = require('./talk.cjs')

// auth is what a function gives.
let socket, auth

obey({
  // connect takes the options of io; with as 'function' auth is given as one.
  connect(url, options, as) {
    auth = options.auth
    const s = socket = io(url, as === 'function' ? { ...options, auth: done => setTimeout(() => done(auth), 1) } : options)
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
  give(next) { auth = next },
  // hold does nothing else until there is a file.
  hold(path) {
    tell('held')
    while (!existsSync(path)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  },
  renew(auth) { socket.auth = auth; socket.connect() },
  close() { socket.close() },
})
