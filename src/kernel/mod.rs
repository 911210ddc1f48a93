//! Fused compute behind candle's custom operations.
