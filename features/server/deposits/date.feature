@server @deposits
Feature: A deposits request is dated

  @DEP-DATE-01 @must
  Rule: every request contains X-Date

    Scenario: a deposit request without X-Date
      Given a deposit request that the server accepts
      When only its X-Date is left out
      Then it is refused because of its missing X-Date

    Scenario Outline: a <request> request with any missing X-Date
      Given a <request> request that the server accepts
      When it is sent with every missing X-Date
      Then each is refused, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-DATE-02 @must
  Rule: X-Date is in UTC

    Scenario Outline: a <request> request with a local time
      Given a <request> request that the server accepts
      When it is sent with every local time
      Then each is refused because of its date, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-DATE-03 @must
  Rule: a request whose X-Date differs from the server's clock by more than 5 seconds is blocked

    Scenario Outline: a <request> request dated out of the window
      Given a <request> request that the server accepts
      When it is sent with every date out of the window
      Then each is refused because of its date, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

    # It is the time of the request that counts, and not that of its connection.
    @alone @full
    Scenario: a connection that has been open for a while
      Given a connection that was opened more than 5 seconds ago
      When a deposit is requested over it
      Then it was accepted
      When a deposit that is dated when it was opened is requested over it
      Then it was refused because of its date

    Scenario Outline: a <request> request dated <seconds> seconds into the <direction> is in time
      Given a <request> request that the server accepts
      When only its X-Date is moved <seconds> seconds into the <direction>
      Then it is accepted

      Examples:
        | request        | seconds | direction |
        | deposit        | 4       | past      |
        | deposit        | 4       | future    |
        | deposit status | 1       | past      |
        | deposit status | 4       | past      |
        | deposit status | 1       | future    |
        | deposit status | 4       | future    |
        | refund         | 4       | past      |
        | refund         | 4       | future    |
        | refund status  | 4       | past      |
        | refund status  | 4       | future    |

    @last @alone @full
    Scenario Outline: a date across the turn of <unit>, in the <direction>
      Given a deposit status request that the server accepts
      When it is sent across the turn of <unit>, with a date in the <direction>
      Then it was accepted

      Examples:
        | unit     | direction |
        | a minute | past      |
        | a minute | future    |
        | an hour  | past      |
        | an hour  | future    |
        | a day    | past      |
        | a day    | future    |

    @alone
    Scenario Outline: exactly <difference> seconds into the <direction>
      Given a deposit status request that the server accepts
      And the server's clock stands still <difference> seconds from its X-Date, which is in the <direction>
      Then it is <answer>, as our own mock reads AMB-14

      Examples:
        | difference | direction | answer   |
        | 5.000      | past      | accepted |
        | 5.000      | future    | accepted |
        | 5.001      | past      | refused  |
        | 5.001      | future    | refused  |
