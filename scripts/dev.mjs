/**
 * `npm run dev`: server and dashboard with hot reload. The server restarts when a source of it or of a package changes;
 * the dashboard is served by Angular's development server, which passes API, playback and WebSocket on to the server.
 */
import process from 'node:process';
import { runForeground } from './lib/foreground.mjs';
import { at, ensureInstalled, main } from './lib/workspace.mjs';

const DASHBOARD_PORT = process.env.DASHBOARD_PORT ?? '4200';

await main(async () => {
  await ensureInstalled();
  const origins = [`http://localhost:${DASHBOARD_PORT}`, `http://127.0.0.1:${DASHBOARD_PORT}`];
  console.log(`Dashboard with hot reload: ${origins[0]}   Ctrl+C stops both.`);
  return await runForeground([
    {
      // `source`: packages resolve to their TypeScript sources, so that no build stands between an edit and its effect.
      args: [
        at('node_modules', '.bin', 'tsx'),
        'watch',
        '--clear-screen=false',
        '--conditions=source',
        at('apps', 'server', 'src', 'main.ts'),
        ...process.argv.slice(2),
      ],
      env: { ALLOWED_ORIGINS: [process.env.ALLOWED_ORIGINS, ...origins].filter(Boolean).join(',') },
    },
    {
      args: [
        at('node_modules', '.bin', 'ng'),
        'serve',
        '--port',
        DASHBOARD_PORT,
        '--proxy-config',
        at('scripts', 'lib', 'dev-proxy.mjs'),
      ],
      cwd: at('apps', 'dashboard'),
      env: { NG_CLI_ANALYTICS: 'false' },
    },
  ]);
});
