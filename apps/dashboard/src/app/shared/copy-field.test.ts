import { Clipboard } from '@angular/cdk/clipboard';
import { TestBed } from '@angular/core/testing';
import { describe, expect, it, vi } from 'vitest';
import { CopyField } from './copy-field';

async function render(inputs: { label: string; value: string; secret?: boolean }, copied = true) {
  const copy = vi.fn(() => copied);
  TestBed.configureTestingModule({ providers: [{ provide: Clipboard, useValue: { copy } }] });
  const fixture = TestBed.createComponent(CopyField);
  for (const [name, value] of Object.entries(inputs)) fixture.componentRef.setInput(name, value);
  await fixture.whenStable();
  const element: HTMLElement = fixture.nativeElement;
  const button = (name: string) => element.querySelector<HTMLButtonElement>(`button[aria-label="${name}"]`);
  return { fixture, copy, input: element.querySelector('input')!, button };
}

describe('a copy field', () => {
  it('hides a secret until it is asked for, and copies it all the same', async () => {
    const { fixture, copy, input, button } = await render({ label: 'Stream key', value: 'abc', secret: true });
    expect(input.type).toBe('password');
    button('Copy Stream key')!.click();
    expect(copy).toHaveBeenCalledWith('abc');
    button('Show Stream key')!.click();
    await fixture.whenStable();
    expect(input.type).toBe('text');
    expect(button('Hide Stream key')!.getAttribute('aria-pressed')).toBe('true');
  });

  it('does not claim to have copied what the browser refused', async () => {
    const { fixture, button } = await render({ label: 'Server', value: 'rtmp://x' }, false);
    button('Copy Server')!.click();
    await fixture.whenStable();
    expect(button('Copy Server')!.textContent).not.toContain('Copied');
  });
});
