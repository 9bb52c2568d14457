// A driver that speaks the protocol itself: it asks whether the server has TLS.
import { once } from 'node:events'
import { connect } from 'node:net'

const { hostname, port } = new URL(process.env.DATABASE_URL)
const socket = connect(Number(port), hostname)
const request = Buffer.alloc(8)
request.writeInt32BE(8, 0)
request.writeInt32BE(80_877_103, 4)
socket.write(request)
await once(socket, 'data')
console.log(1)
socket.destroy()
