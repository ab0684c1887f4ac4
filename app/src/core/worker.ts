import * as Comlink from 'comlink';
import { Core } from './core';
import { carryErrors } from './errors';

carryErrors();
Comlink.expose(new Core());
