import { availableParallelism } from 'node:os';
import path from 'node:path';
import { CodedError } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { loadConfig, VARIABLE_NAMES } from './load.js';

function problemOf(env: NodeJS.ProcessEnv, argv: readonly string[] = []): string {
  try {
    loadConfig(env, argv);
  } catch (error) {
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'config_invalid' });
    return (error as CodedError).message;
  }
  return expect.fail('the configuration was taken');
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig({}, [])).toEqual({
      role: 'all',
      http: { host: '127.0.0.1', port: 8080, publicUrl: null, allowedOrigins: [], allowedHosts: [] },
      rtmp: {
        host: '127.0.0.1',
        port: 1935,
        publicUrl: null,
        maxConnections: 128,
        maxConnectionsPerAddress: 16,
        takeoverMs: 5000,
      },
      sessions: { reconnectWindowMs: 30_000 },
      packaging: { segmentTargetMs: 2000, partTargetMs: 250, dvrWindowMs: 300_000 },
      storage: {
        dataDir: path.resolve('data'),
        databaseUrl: null,
        diskReserveBytes: 268_435_456,
        retention: { maxAgeMs: 604_800_000, maxBytes: 20_000_000_000 },
      },
      models: { dir: path.resolve('models/cache'), mirror: null, detection: 'yolox-nano' },
      analysis: {
        rate: 10,
        sampling: 'even',
        executionProvider: 'cpu',
        visionThreads: Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2))),
        scoreThreshold: null,
        frameDeadlineMs: 200,
      },
      processes: { mediaMemoryLimitBytes: 1_073_741_824, visionMemoryLimitBytes: 2_147_483_648 },
      log: { level: 'info', format: 'pretty' },
    });
  });

  it('takes what is set', () => {
    const config = loadConfig(
      {
        HOST: '0.0.0.0',
        PORT: '0',
        RTMP_HOST: '::1',
        RTMP_PORT: '19350',
        DATA_DIR: 'elsewhere',
        DATABASE_URL: 'postgres://user:word@db.example:5432/media?sslmode=require',
        MODELS_DIR: '/models',
        MODELS_MIRROR: 'https://mirror.example/models/',
        ALLOWED_ORIGINS: 'https://Example.com:443, http://localhost:4200',
        ALLOWED_HOSTS: 'Example.com,example.com:8443',
        PUBLIC_URL: 'https://media.example/',
        RTMP_PUBLIC_URL: 'rtmp://ingest.example:1935',
        RETENTION_MAX_AGE_MS: 'none',
        RETENTION_MAX_BYTES: '5000000',
        ANALYSIS_RATE: '2.5',
        SCORE_THRESHOLD: '0.4',
        EXECUTION_PROVIDER: 'cuda',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'silent',
      },
      ['--role', 'all'],
    );
    expect(config.http).toEqual({
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://media.example',
      allowedOrigins: ['https://example.com', 'http://localhost:4200'],
      allowedHosts: ['example.com', 'example.com:8443'],
    });
    expect(config.rtmp).toMatchObject({ host: '::1', port: 19_350, publicUrl: 'rtmp://ingest.example:1935' });
    expect(config.storage).toMatchObject({
      dataDir: path.resolve('elsewhere'),
      databaseUrl: 'postgres://user:word@db.example:5432/media?sslmode=require',
      retention: { maxAgeMs: null, maxBytes: 5_000_000 },
    });
    expect(config.models).toMatchObject({ dir: '/models', mirror: 'https://mirror.example/models' });
    expect(config.analysis).toMatchObject({ rate: 2.5, scoreThreshold: 0.4, executionProvider: 'cuda' });
    expect(config.log).toEqual({ level: 'silent', format: 'json' });
  });

  it('lets RTMP listen where HTTP does unless told otherwise', () => {
    expect(loadConfig({ HOST: '192.0.2.1' }, []).rtmp.host).toBe('192.0.2.1');
  });

  it('takes an empty variable as unset', () => {
    expect(loadConfig(Object.fromEntries(VARIABLE_NAMES.map((name) => [name, ' '])), [])).toEqual(loadConfig({}, []));
  });

  it('takes a folder as the mirror of models', () => {
    expect(loadConfig({ MODELS_MIRROR: '../shared/models' }, []).models.mirror).toBe(path.resolve('../shared/models'));
  });

  it('cannot be changed once it is read', () => {
    const config = loadConfig({ ALLOWED_HOSTS: 'a' }, []);
    const change = (target: object, key: string) => () => Reflect.set(target, key, 'x');
    expect(change(config, 'role')()).toBe(false);
    expect(change(config.storage.retention, 'maxBytes')()).toBe(false);
    expect(change(config.http.allowedHosts, '0')()).toBe(false);
  });

  it.each([
    ['PORT', 'abc', 'a whole number 0..65535'],
    ['PORT', '65536', 'a whole number 0..65535'],
    ['PORT', '-1', 'a whole number 0..65535'],
    ['PORT', '80.5', 'a whole number 0..65535'],
    ['PORT', '0x50', 'a whole number 0..65535'],
    ['RTMP_PORT', '1e3', 'a whole number 0..65535'],
    ['HOST', 'http://localhost', 'an address or a host name without port'],
    ['ANALYSIS_RATE', '-1', 'a number 0..60'],
    ['ANALYSIS_RATE', 'NaN', 'a number 0..60'],
    ['ANALYSIS_RATE', 'Infinity', 'a number 0..60'],
    ['SCORE_THRESHOLD', '1.5', 'a number 0..1'],
    ['EXECUTION_PROVIDER', 'tpu', 'one of cpu, cuda'],
    ['LOG_LEVEL', 'INFO', 'one of debug, info, warn, error, silent'],
    ['RETENTION_MAX_AGE_MS', '59999', '"none" or a whole number 60000..'],
    ['RETENTION_MAX_BYTES', 'unlimited', '"none" or a whole number 1000000..'],
    ['DETECTION_MODEL', '../x', 'the name of a model in models/manifest.json'],
    ['PUBLIC_URL', 'media.example', 'an address that begins with http:// or https://'],
    ['PUBLIC_URL', 'https://media.example/path', 'end after host and port'],
    ['RTMP_PUBLIC_URL', 'rtmp://ingest.example/live', 'end after host and port'],
    ['MODELS_MIRROR', 'ftp://mirror.example', 'a folder or an http(s) address'],
    ['ALLOWED_ORIGINS', 'https://a.example,*', '("*" is not)'],
    ['ALLOWED_ORIGINS', 'https://a.example/path', '("https://a.example/path" is not)'],
    ['ALLOWED_HOSTS', 'a.example/path', '("a.example/path" is not)'],
    ['PART_TARGET_MS', '99', 'a whole number 100..2000'],
  ])('refuses %s=%s and says the rule', (name, value, rule) => {
    const problem = problemOf({ [name]: value });
    expect(problem).toContain(`${name} is "${value}": it must`);
    expect(problem).toContain(rule);
  });

  it('names all problems at once', () => {
    const problem = problemOf({ PORT: 'a', SEGMENT_TARGET_MS: 'b' }, ['--role', 'worker']);
    for (const part of ['PORT is "a"', 'SEGMENT_TARGET_MS is "b"', '--role is "worker"'])
      expect(problem).toContain(part);
  });

  it('refuses values that do not go together', () => {
    expect(problemOf({ PART_TARGET_MS: '1000', SEGMENT_TARGET_MS: '900' })).toContain('PART_TARGET_MS is "1000"');
    expect(problemOf({ PORT: '1935' })).toContain('RTMP_PORT is "1935": it must differ from PORT');
    expect(problemOf({ RTMP_MAX_CONNECTIONS: '4' })).toContain('RTMP_MAX_CONNECTIONS_PER_ADDRESS is "16"');
    expect(loadConfig({ PORT: '0', RTMP_PORT: '0' }, []).rtmp.port).toBe(0);
  });

  it('refuses what belongs to a later version, and does not show a password', () => {
    expect(problemOf({ REDIS_URL: 'redis://:secret@127.0.0.1' })).toMatch(
      /REDIS_URL: it is not supported by this version; unset it$/,
    );
    expect(problemOf({ GCS_BUCKET: 'media' })).toContain('GCS_BUCKET');
    const problem = problemOf({ DATABASE_URL: 'mysql://user:secret@db/media' });
    expect(problem).toContain('DATABASE_URL: it must be an address that begins with postgres:// or postgresql://');
    expect(problem).not.toContain('secret');
  });

  it.each([
    [['--role', 'api'], '--role is "api": this version runs every role in one process'],
    [['--role=ingest'], '--role is "ingest": this version runs every role in one process'],
    [['--role', 'boss'], '--role is "boss": it must be one of all, api, ingest, worker'],
    [['--rolle', 'all'], 'the command line cannot be read'],
    [['all'], 'the command line cannot be read'],
    [['--role'], 'the command line cannot be read'],
  ])('refuses the arguments %j', (argv, problem) => {
    expect(problemOf({}, argv)).toContain(problem);
  });
});
