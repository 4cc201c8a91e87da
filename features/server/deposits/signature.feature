@server @deposits
Feature: A deposits request is signed

  @DEP-SIG-01 @must
  Rule: the signature is made with the merchant's own API signature

    Scenario Outline: a <request> request signed with another credential
      Given a <request> request that the server accepts
      When it is sent with every other credential as the secret
      Then each is refused because of its signature, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-SIG-02 @must
  Rule: the server computes the signature itself and compares it

    Scenario Outline: a <request> request with a <fault>
      Given a <request> request that the server accepts
      When it is sent with every <fault>
      Then each is refused because of its signature, and none has an effect

      Examples:
        | request                       | fault                          |
        | every signed deposits request | wrong digest                   |
        | every signed deposits request | wrong text under the signature |

    @full
    Scenario Outline: a <request> request with a body of <bytes> bytes more
      Given a <request> request that the server accepts
      When only its body has <bytes> bytes of white space more
      Then it is not refused because of its signature

      Examples:
        | request | bytes                  |
        | every deposits POST | every size that may be cut |

  @DEP-SIG-03 @must
  Rule: a request whose signature does not match is declined

    Scenario Outline: a <request> request with a digit of its signature changed
      Given a <request> request that the server accepts
      When it is sent with every digit changed
      Then each is refused because of its signature, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-SIG-04 @must
  Rule: the signature covers the date, the login and every byte of the body

    Scenario Outline: a <request> request that is changed after signing
      Given a <request> request that the server accepts
      When it is sent with every change after signing
      Then each is refused because of its signature, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

    @observed
    Scenario: a name in Latin-1 under the signature of its UTF-8 form
      Given a deposit request that the server accepts
      When only its letters beyond ASCII are sent in Latin-1
      Then whether it is refused is noted

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
