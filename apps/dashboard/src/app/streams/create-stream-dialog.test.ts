import { TestBed } from '@angular/core/testing';
import { MatDialogRef } from '@angular/material/dialog';
import { Api } from '../shared/api';
import { streamOf } from '../shared/testing';
import { CreateStreamDialog } from './create-stream-dialog';

async function open() {
  const names: string[] = [];
  const createStream = async ({ name }: { name: string }) => {
    names.push(name);
    return streamOf({ name });
  };
  TestBed.configureTestingModule({
    providers: [
      { provide: Api, useValue: { createStream } },
      { provide: MatDialogRef, useValue: { close() {} } },
    ],
  });
  const fixture = TestBed.createComponent(CreateStreamDialog);
  await fixture.whenStable();
  const page: HTMLElement = fixture.nativeElement;
  const type = (text: string) => {
    const input = page.querySelector('input')!;
    input.value = text;
    input.dispatchEvent(new Event('input'));
  };
  return { fixture, page, names, type, submit: () => page.querySelector<HTMLElement>('[type=submit]')!.click() };
}

describe('the dialog that creates a stream', () => {
  it('takes Enter that follows the last letter at once', async () => {
    const { fixture, page, names, type, submit } = await open();
    type('  Studio ');
    submit();
    await fixture.whenStable();
    expect(names).toEqual(['Studio']);
    expect(page.querySelector('h2')?.textContent).toContain('Studio');
  });

  it('has the browser ask for a name that is one', async () => {
    const { fixture, page, names, type, submit } = await open();
    const input = page.querySelector('input')!;
    for (const name of ['', '  ']) {
      type(name);
      submit();
      await fixture.whenStable();
      expect([input.validity.valid, names]).toEqual([false, []]);
    }
    type(' S');
    submit();
    await fixture.whenStable();
    expect(names).toEqual(['S']);
  });
});
