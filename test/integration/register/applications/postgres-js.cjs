const postgres = require('postgres')
const { run } = require('./postgres-js-calls.cjs')

void run(postgres)
