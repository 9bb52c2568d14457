const { start } = require('./application.ts')

void start(require)
