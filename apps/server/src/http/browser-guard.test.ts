import type { IncomingHttpHeaders } from 'node:http';
import { CodedError } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { BrowserGuard, type BrowserPolicy } from './browser-guard.js';

const LOCAL: BrowserPolicy = { host: '127.0.0.1', allowedHosts: [], allowedOrigins: [] };

function verdict(
  policy: Partial<BrowserPolicy>,
  headers: IncomingHttpHeaders,
  rest: { method?: string; websocket?: boolean; localAddress?: string } = {},
) {
  try {
    const { origin } = new BrowserGuard({ ...LOCAL, ...policy }).admit({
      method: 'GET',
      websocket: false,
      ...rest,
      headers,
    });
    return origin === null ? 'admitted' : `admitted for ${origin}`;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
}

describe('the host check', () => {
  it.each(['localhost', 'localhost:8080', 'LOCALHOST:8080', 'localhost.:8080', '127.0.0.1:9000', '[::1]:8080'])(
    'admits %s whatever the port, because a mapped port is still this machine',
    (host) => {
      expect(verdict({}, { host })).toBe('admitted');
    },
  );

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.5:8080',
    '',
    'localhost@evil.example',
    'localhost/evil.example',
    'localhost:8080:8080',
    'localhost:port',
    '[::1',
  ])('refuses "%s"', (host) => {
    expect(verdict({}, { host })).toBe('host_refused');
  });

  it('refuses a request without Host', () => {
    expect(verdict({}, {})).toBe('host_refused');
  });

  it('admits the name that is bound, and an IPv6 address in brackets', () => {
    expect(verdict({ host: 'studio.lan' }, { host: 'studio.lan:8080' })).toBe('admitted');
    expect(verdict({ host: 'fd00::5' }, { host: '[fd00::5]:8080' })).toBe('admitted');
  });

  it('admits names from the configuration, with a port only at that port', () => {
    const policy = { allowedHosts: ['Media.Example', 'other.example:443'] };
    expect(verdict(policy, { host: 'media.example:8080' })).toBe('admitted');
    expect(verdict(policy, { host: 'other.example:443' })).toBe('admitted');
    expect(verdict(policy, { host: 'other.example:444' })).toBe('host_refused');
  });

  it('admits the address that the connection arrived at, but no other', () => {
    expect(verdict({}, { host: '192.168.1.5:8080' }, { localAddress: '::ffff:192.168.1.5' })).toBe('admitted');
    expect(verdict({}, { host: '192.168.1.6:8080' }, { localAddress: '::ffff:192.168.1.5' })).toBe('host_refused');
  });

  it('admits any address but no foreign name when all addresses are bound: an address cannot be rebound', () => {
    expect(verdict({ host: '0.0.0.0' }, { host: '10.1.2.3:8080' })).toBe('admitted');
    expect(verdict({ host: '::' }, { host: '[fd00::7]:8080' })).toBe('admitted');
    expect(verdict({ host: '0.0.0.0' }, { host: 'evil.example:8080' })).toBe('host_refused');
  });

  it('admits everything for ALLOWED_HOSTS=*', () => {
    expect(verdict({ allowedHosts: ['*'] }, { host: 'anything.example' })).toBe('admitted');
  });
});

describe('the origin check', () => {
  const host = 'localhost:8080';

  it('admits what is no browser, and our own pages', () => {
    expect(verdict({}, { host })).toBe('admitted');
    expect(verdict({}, { host, origin: 'http://localhost:8080' })).toBe('admitted');
    expect(verdict({}, { host: 'localhost', origin: 'http://localhost' })).toBe('admitted');
  });

  it('admits our own pages behind a proxy that ends TLS', () => {
    const policy = { allowedHosts: ['media.example'] };
    expect(verdict(policy, { host: 'media.example', origin: 'https://media.example' })).toBe('admitted');
    expect(verdict(policy, { host: 'media.example:443', origin: 'https://media.example' })).toBe('admitted');
  });

  it.each([
    'https://evil.example',
    'http://localhost:4200',
    'http://127.0.0.1:8080',
    'http://localhost',
    'null',
    'file://',
    'chrome-extension://abcdef',
    'garbage',
    '',
  ])('refuses the origin "%s" for reading and writing', (origin) => {
    expect(verdict({}, { host, origin })).toBe('origin_refused');
    expect(verdict({}, { host, origin }, { method: 'POST' })).toBe('origin_refused');
    expect(verdict({}, { host, origin }, { websocket: true })).toBe('origin_refused');
  });

  it('admits configured origins by scheme, name and port', () => {
    const policy = { allowedOrigins: ['https://player.example/', 'http://localhost:4200'] };
    expect(verdict(policy, { host, origin: 'https://player.example' })).toBe('admitted for https://player.example');
    expect(verdict(policy, { host, origin: 'http://localhost:4200' })).toBe('admitted for http://localhost:4200');
    expect(verdict(policy, { host, origin: 'http://player.example' })).toBe('origin_refused');
    expect(verdict(policy, { host, origin: 'https://player.example:8443' })).toBe('origin_refused');
  });

  it('lets an anonymous origin read but not write for ALLOWED_ORIGINS=*, and write only when it is named', () => {
    const anyone = { allowedOrigins: ['*'] };
    expect(verdict(anyone, { host, origin: 'null' })).toBe('admitted for null');
    expect(verdict(anyone, { host, origin: 'null' }, { method: 'POST' })).toBe('origin_refused');
    expect(verdict(anyone, { host, origin: 'null' }, { websocket: true })).toBe('origin_refused');
    expect(verdict(anyone, { host, origin: 'https://any.example' }, { method: 'POST' })).toBe(
      'admitted for https://any.example',
    );
    expect(verdict({ allowedOrigins: ['null'] }, { host, origin: 'null' }, { method: 'POST' })).toBe(
      'admitted for null',
    );
  });
});

describe('requests that browsers send without Origin', () => {
  const host = 'localhost:8080';

  it.each(['cross-site', 'same-site'])('refuses a %s picture, script or form', (site) => {
    const headers = { host, 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    expect(verdict({}, headers)).toBe('origin_refused');
    expect(verdict({}, { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' })).toBe(
      'origin_refused',
    );
  });

  it('admits following a link to us, but not a form sent from elsewhere', () => {
    const headers = {
      host,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect(verdict({}, headers)).toBe('admitted');
    expect(verdict({}, headers, { method: 'POST' })).toBe('origin_refused');
  });

  it('admits pictures on pages of a configured origin, known by their referrer', () => {
    const headers = {
      host,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'no-cors',
      referer: 'https://player.example/',
    };
    expect(verdict({ allowedOrigins: ['https://player.example'] }, headers)).toBe(
      'admitted for https://player.example',
    );
    expect(verdict({ allowedOrigins: ['https://other.example'] }, headers)).toBe('origin_refused');
  });

  it('admits our own pages and addresses typed by a person', () => {
    expect(verdict({}, { host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).toBe('admitted');
    expect(verdict({}, { host, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })).toBe('admitted');
  });
});
