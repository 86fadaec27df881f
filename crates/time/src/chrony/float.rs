//! chrony's real numbers: a signed exponent of 7 bits and a signed coefficient of 25, in 32 bits.
//!
//! ```text
//!   value = coefficient * 2^(exponent - 25)        |value| from 2^-89 to 2^62
//! ```

/// A real number as it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChronyFloat(pub u32);

const COEFFICIENT_BITS: u32 = 25;

impl ChronyFloat {
    /// Its value, exactly.
    ///
    /// ```
    /// use avouch_time::chrony::ChronyFloat;
    /// // Exponent 2, coefficient 2^23; exponent 1, coefficient -2^24.
    /// assert_eq!(ChronyFloat(0x0480_0000).value(), 1.0);
    /// assert_eq!(ChronyFloat(0x0300_0000).value(), -1.0);
    /// ```
    pub fn value(self) -> f64 {
        let bits = self.0.cast_signed();
        let exponent = bits >> COEFFICIENT_BITS;
        // The sign bit of the coefficient is moved to the top and back.
        let coefficient = (bits << (32 - COEFFICIENT_BITS)) >> (32 - COEFFICIENT_BITS);
        f64::from(coefficient) * 2.0_f64.powi(exponent - COEFFICIENT_BITS.cast_signed())
    }
}
