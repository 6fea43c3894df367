/** `npm run build`: installs what is missing and builds packages, server, dashboard and the end-to-end tests. */
import { build } from './lib/build.mjs';
import { main } from './lib/workspace.mjs';

await main(() => build({ e2e: true }));
