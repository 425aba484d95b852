export { writeOnce } from './write-once.ts';
export { writeWhole } from './write-whole.ts';
