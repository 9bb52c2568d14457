'use strict'
// node --require: every pool that pg-pool makes in this process is a guarded one. Node's loader of CommonJS modules is patched here,
// since pg-pool's own tests load it by `require('../')`.
const Module = require('node:module')

const requireHere = Module.createRequire(__filename)
const { createGuard } = requireHere('@poolsafe/core')
const { guardPool } = requireHere('@poolsafe/pg')

const logger = { warn() {}, info() {} }
const load = Module._load
let GuardedPool

Module._load = function (request, parent, isMain) {
  const loaded = load.call(this, request, parent, isMain)
  if (typeof loaded !== 'function' || loaded.name !== 'Pool' || !('prototype' in loaded) || loaded === GuardedPool)
    return loaded
  GuardedPool ??= class Pool extends loaded {
    constructor(...options) {
      super(...options)
      guardPool(this, createGuard({ logger }))
    }
  }
  return GuardedPool
}
