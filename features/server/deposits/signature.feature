@server @deposits
Feature: A deposits request is signed

  @DEP-SIG-01 @must
  Rule: the signature is made with the merchant's own API signature

    Scenario Outline: a signature made with <key>
      Given a deposit request that the server accepts
      When only its signature is made with <key>
      Then it is refused because of its signature

      Examples:
        | key                      |
        | the cashouts signature   |
        | the deposits API key     |
        | the read-only key        |
        | an empty key             |

  @DEP-SIG-02 @must
  Rule: the server computes the signature itself and compares it

    Scenario Outline: a signature that <mistake>
      Given a deposit request that the server accepts
      When only its signature <mistake>
      Then it is refused because of its signature

      Examples:
        | mistake                            |
        | has its last digit changed         |
        | has its first digit changed        |
        | is cut to its first 32 digits      |
        | is 64 zeros                        |
        | has a digit too many               |
        | is of the body alone               |
        | leaves X-Date out                  |
        | is of X-Login before X-Date        |
        | is for the next second             |
        | is an HMAC with SHA-1              |
        | is a plain SHA-256 without a key   |
        | is in base64                       |

  @DEP-SIG-03 @must
  Rule: a request whose signature does not match is declined

    Scenario Outline: a <request> request with one digit of its signature changed
      Given a <request> request that the server accepts
      When only its signature has its last digit changed
      Then it is refused because of its signature

      Examples:
        | request        |
        | deposit        |
        | hosted deposit |
        | deposit status |
        | refund         |
        | refund status  |

  @DEP-SIG-04 @must
  Rule: the signature covers the date, the login and every byte of the body

    Scenario Outline: <part> changed after signing
      Given a deposit request that the server accepts
      When only its <part> is changed after signing
      Then it is refused because of its signature

      Examples:
        | part                         |
        | amount                       |
        | country                      |
        | payer's name                 |
        | last field                   |
        | order of fields              |
        | white space between fields   |
        | white space after the end    |
        | line break after the end     |
        | spelling of a letter as \\u  |
        | X-Date                       |

    Scenario: the amount of a refund changed after signing
      Given a refund request that the server accepts
      When only its amount is changed after signing
      Then it is refused because of its signature

    @observed
    Scenario: a name in Latin-1 under the signature of its UTF-8 form
      Given a deposit request that the server accepts
      When only its letters beyond ASCII are sent in Latin-1
      Then whether it is refused is noted

    Scenario: a body under the signature of an empty one
      Given a deposit request that the server accepts
      When only its signature is of an empty body
      Then it is refused because of its signature

  @DEP-SIG-02 @must @observed
  Rule: where the documents leave the spelling open

    Scenario: a signature in upper case
      Given a deposit request that the server accepts
      When only its signature is in upper case
      Then it is refused, or accepted where AMB-18 is read as case-insensitive

    Scenario Outline: a signature behind <scheme>
      Given a deposit request that the server accepts
      When only its signature is behind <scheme>
      Then it is refused, or accepted where AMB-19 is read as case-insensitive

      Examples:
        | scheme            |
        | d24 in lower case |

    Scenario Outline: a signature behind <scheme>, which no reading names
      Given a deposit request that the server accepts
      When only its signature is behind <scheme>
      Then whether it is refused is noted

      Examples:
        | scheme             |
        | D24 and two spaces |
        | another word       |
        | no word at all     |
