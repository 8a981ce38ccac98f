// `make demo`: builds the programs and plays the story with them.
import { build, buildPages, run } from './lib/build.mjs'

await buildPages()
await build('about 12 minutes the first time on two cores')
process.exit(await run('carnet-demo', []))
