// A client of the native WebSocket, with the package ws.
const WebSocket = require('ws')
const { tell, obey } = require('./talk.cjs')

let socket

obey({
  connect(url, protocols, headers) {
    const s = socket = new WebSocket(url, protocols, { headers })
    s.on('open', () => tell('open', { protocol: s.protocol }))
    s.on('message', data => {
      const message = JSON.parse(data)
      if (message.type === 'ping') s.send('{"type":"pong"}')
      tell('message', { message })
    })
    s.on('unexpected-response', (request, response) => {
      response.toArray().then(parts => {
        tell('refused', { status: response.statusCode, message: JSON.parse(Buffer.concat(parts)) })
        request.destroy()
      })
    })
    s.on('error', error => tell('error', { text: error.message }))
    s.on('close', (code, reason) => tell('close', { code, text: String(reason) }))
  },
  send(message) { socket.send(JSON.stringify(message)) },
  cut() { socket.terminate() },
  close() { socket.close() },
})
