//! Numbers and times as text, appended to a line without allocating.

/// Appends `number` in decimal.
pub(super) fn decimal(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends the last `width` digits of `number` with leading zeros.
pub(super) fn padded(out: &mut Vec<u8>, number: u32, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut rest = number;
    for place in out[start..].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Appends the low `digits` hexadecimal digits of `number`.
pub(super) fn hex(out: &mut Vec<u8>, number: u64, digits: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0_u8; 16];
    let mut rest = number;
    for place in text.iter_mut().rev() {
        *place = DIGITS[(rest & 15) as usize];
        rest >>= 4;
    }
    out.extend_from_slice(&text[16 - digits..]);
}
