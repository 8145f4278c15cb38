/**
 * A frame may run this H5 as a mini program, as the phone of WeChat's sandbox does: its name then begins so and tells
 * one mini program and shopper from another. Inside, `wx` signs in and pays as in a mini program, and the token takes
 * the cookie's place. Empty everywhere else; nothing that WeChat itself opens has such a name.
 */
let name = ''
// #ifdef H5
name = window.name.startsWith('miniprogram:') && window.parent !== window ? window.name : ''
// #endif

export const miniProgramFrame = name
