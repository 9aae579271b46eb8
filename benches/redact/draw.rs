//! Numbers by lot, the same for the same seed, and what is made of them: digits, letters, days.

/// Splitmix64.
pub(crate) struct Draw(u64);

pub(crate) const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to below `end`.
    pub(crate) fn between(&mut self, from: u64, end: u64) -> u64 {
        from + self.next() % (end - from).max(1)
    }

    /// True once in `many`.
    pub(crate) fn once_in(&mut self, many: u64) -> bool {
        self.between(0, many) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.between(0, of.len() as u64) as usize]
    }

    pub(crate) fn digits(&mut self, many: usize) -> String {
        self.letters(many, "0123456789")
    }

    /// `many` characters out of `of`.
    pub(crate) fn letters(&mut self, many: usize, of: &str) -> String {
        let of: Vec<char> = of.chars().collect();
        (0..many).map(|_| of[self.between(0, of.len() as u64) as usize]).collect()
    }

    /// `many` digits, the first not 0.
    pub(crate) fn number(&mut self, many: usize) -> String {
        let first = self.letters(1, "123456789");
        first + &self.digits(many - 1)
    }

    /// Year, month and day of a birth, as two digits each, with the full year before them.
    pub(crate) fn birth(&mut self) -> (u64, String, String, String) {
        let year = self.between(1935, 2012);
        let (month, day) = (self.between(1, 13), self.between(1, 29));
        (year, format!("{:02}", year % 100), format!("{month:02}"), format!("{day:02}"))
    }

    /// `YYMMDD` of a birth of the 20th century, the month with `more` added.
    pub(crate) fn ymd(&mut self, more: u64) -> String {
        let (year, month, day) = (self.between(35, 100), self.between(1, 13) + more, self.between(1, 29));
        format!("{year:02}{month:02}{day:02}")
    }

    /// `DDMMYY` of a birth of the 20th century.
    pub(crate) fn dmy(&mut self) -> String {
        let (year, month, day) = (self.between(35, 100), self.between(1, 13), self.between(1, 29));
        format!("{day:02}{month:02}{year:02}")
    }
}

/// `text` in groups of these lengths, `mark` between them; what is left over is the last group.
pub(crate) fn grouped(text: &str, lengths: &[usize], mark: &str) -> String {
    let (mut groups, mut rest) = (Vec::new(), text);
    for length in lengths {
        let (group, behind) = rest.split_at(*length);
        groups.push(group);
        rest = behind;
    }
    if !rest.is_empty() {
        groups.push(rest);
    }
    groups.join(mark)
}
