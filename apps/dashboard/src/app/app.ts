import { ChangeDetectionStrategy, Component } from '@angular/core';
@Component({ selector: 'ma-root', changeDetection: ChangeDetectionStrategy.OnPush, template: '' })
export class App {}
