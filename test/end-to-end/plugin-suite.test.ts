// The example plugin against what every plugin must hold to.

import { testPlugin } from '@telltale/plugin/testing';
import { describe } from 'vitest';
import { plugin } from './plugin-device-counts.ts';

describe('the plugin that counts readings', () => testPlugin(() => ({ plugin })));
