//! Photos as bytes: what they are, what they say, and the upright copies made of them.
