import { expect, it } from 'vitest';
import { z } from 'zod';
import { SettingRepository } from './setting-repository.js';
import { onBothDatabases } from './testing/databases.js';

const CHOICE = z.object({ model: z.string() });

onBothDatabases('settings', (database) => {
  it('are kept by name, the last word in place of the one before, until they are taken back', async () => {
    const settings = new SettingRepository(database());
    expect(await settings.read('choice', CHOICE)).toBeNull();
    await settings.write('choice', { model: 'small' });
    await settings.write('other', { model: 'another' });
    await settings.write('choice', { model: 'large' });
    expect(await settings.read('choice', CHOICE)).toEqual({ model: 'large' });
    await settings.remove('choice');
    expect(await settings.read('choice', CHOICE)).toBeNull();
    expect(await settings.read('other', CHOICE)).toEqual({ model: 'another' });
  });

  it('of a shape that this version does not know are as good as none', async () => {
    const settings = new SettingRepository(database());
    await settings.write('choice', { models: ['from', 'the', 'future'] });
    expect(await settings.read('choice', CHOICE)).toBeNull();
  });
});
