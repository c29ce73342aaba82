// An aedes: node aedes.js PORT memory|level FOLDER
const [port, store, folder] = process.argv.slice(2)
const Aedes = require('aedes')
const net = require('net')

const options = {}
if (store === 'level') {
  const { Level } = require('level')
  const persistence = require('aedes-persistence-level')
  options.persistence = persistence(new Level(folder, { valueEncoding: 'binary' }))
}
const aedes = new Aedes(options)
const server = net.createServer(aedes.handle)
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => {
  server.close()
  aedes.close(() => process.exit(0))
})
