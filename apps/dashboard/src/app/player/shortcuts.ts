/** What a key can ask of the player. */
export type PlayerCommand =
  | { readonly kind: 'toggle-play' | 'toggle-mute' | 'toggle-fullscreen' | 'go-live' | 'help' }
  | { readonly kind: 'snapshot' | 'copy-link' | 'toggle-pip' }
  /** One frame on or back. */
  | { readonly kind: 'step'; readonly direction: 1 | -1 }
  /** To the next or the previous appearance of what is shown. */
  | { readonly kind: 'appearance'; readonly direction: 1 | -1 }
  /** Speed: one step up or down. */
  | { readonly kind: 'speed'; readonly direction: 1 | -1 }
  | { readonly kind: 'seek'; readonly seconds: number }
  | { readonly kind: 'volume'; readonly change: number };

/** For the help sheet; the keys as they are printed on a keyboard. */
export const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly text: string }[] = [
  { keys: [$localize`:a key|:Space`, 'K'], text: $localize`Play or pause` },
  { keys: ['L'], text: $localize`Go to the live edge` },
  { keys: ['←', '→'], text: $localize`Back or forward 5 seconds` },
  { keys: ['↑', '↓'], text: $localize`Volume` },
  { keys: ['M'], text: $localize`Mute` },
  { keys: ['F'], text: $localize`Full screen` },
  { keys: [',', '.'], text: $localize`Frame back or forward, when paused` },
  { keys: ['<', '>'], text: $localize`Slower or faster` },
  { keys: ['[', ']'], text: $localize`Previous or next appearance` },
  { keys: ['S'], text: $localize`Save the picture with its boxes` },
  { keys: ['C'], text: $localize`Copy a link to this moment` },
  { keys: ['P'], text: $localize`Picture in picture` },
  { keys: ['?'], text: $localize`This list` },
];

interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/**
 * The command of a key press, or null when it is not for the player.
 * @param focus what has the focus: keys that it uses itself are left to it
 */
export function commandOf(event: Key, focus: 'text' | 'slider' | 'button' | 'other'): PlayerCommand | null {
  if (event.ctrlKey || event.metaKey || event.altKey || focus === 'text') return null;
  switch (event.key) {
    case ' ':
      return focus === 'other' ? { kind: 'toggle-play' } : null;
    case 'k':
    case 'K':
      return { kind: 'toggle-play' };
    case 'm':
    case 'M':
      return { kind: 'toggle-mute' };
    case 'f':
    case 'F':
      return { kind: 'toggle-fullscreen' };
    case 'l':
    case 'L':
      return { kind: 'go-live' };
    case ',':
      return { kind: 'step', direction: -1 };
    case '.':
      return { kind: 'step', direction: 1 };
    case '<':
      return { kind: 'speed', direction: -1 };
    case '>':
      return { kind: 'speed', direction: 1 };
    case '[':
      return { kind: 'appearance', direction: -1 };
    case ']':
      return { kind: 'appearance', direction: 1 };
    case 's':
    case 'S':
      return { kind: 'snapshot' };
    case 'c':
    case 'C':
      return { kind: 'copy-link' };
    case 'p':
    case 'P':
      return { kind: 'toggle-pip' };
    case '?':
      return { kind: 'help' };
    case 'ArrowLeft':
      return focus === 'slider' ? null : { kind: 'seek', seconds: -5 };
    case 'ArrowRight':
      return focus === 'slider' ? null : { kind: 'seek', seconds: 5 };
    case 'ArrowUp':
      return focus === 'slider' ? null : { kind: 'volume', change: 0.1 };
    case 'ArrowDown':
      return focus === 'slider' ? null : { kind: 'volume', change: -0.1 };
    default:
      return null;
  }
}

/** What kind of element has the focus, as far as keys go. */
export function focusKind(element: Element | null): 'text' | 'slider' | 'button' | 'other' {
  if (element instanceof HTMLInputElement)
    return element.type === 'range' ? 'slider' : element.type === 'checkbox' ? 'button' : 'text';
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return 'text';
  if (element?.closest('[role="menu"], [role="dialog"], [role="alertdialog"]')) return 'text';
  if (element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement || element?.tagName === 'SUMMARY')
    return 'button';
  return 'other';
}
